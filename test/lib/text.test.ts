import { expect, it } from "vitest";
import { excerpt, isHtml } from "../../src/lib/text.ts";

it.each([
  ["", null],
  ["  \n ", null],
  ["<div><br></div>", null],
  ["Salom,\n\nqandaysiz?", "Salom, qandaysiz?"],
  ["<style>p{color:red}</style><p>Bir</p><p>ikki</p>", "Bir ikki"],
  ["<p>Thanks for <b>reaching out</b>!</p>", "Thanks for reaching out!"],
  ["<p>Tom &amp; &#1058;&#x43E;&#1084; &laquo;&nbsp;&raquo; &unknown;</p>", "Tom & Том « » &unknown;"],
  ["<!-- hidden --><script>alert(1)</script>shown", "shown"],
  ["<script>never closed", null],
  ["2 < 3 and 4 > 3", "2 < 3 and 4 > 3"],
])("%j begins with %j", (body, wanted) => {
  expect(excerpt(body)).toBe(wanted);
});

it("an excerpt does not split a character", () => {
  expect(excerpt("😀".repeat(500))).toBe("😀".repeat(200));
});

it("HTML is distinguished from text", () => {
  expect(["<p>x</p>", "<br>", "<!doctype html>"].every(isHtml)).toBe(true);
  expect(["a < b", "x <3", "<john@x.example> wrote"].some(isHtml)).toBe(false);
});
