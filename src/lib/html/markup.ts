const ROOT = ["class", "dir", "hidden", "id", "lang", "style"];
const COMMON = [...ROOT, "title"];
const BLOCK = [...COMMON, "align"];
const CELLS = [...BLOCK, "valign", "bgcolor", "background", "height"];
const CELL = [...CELLS, "width", "colspan", "rowspan", "nowrap"];

const tags = (names: string, attributes: string[]): [string, string[]][] =>
  names.split(" ").map((name) => [name, attributes]);

/**
 * The allowed tags and their attributes. Never add an element whose content a browser parses as raw text (style, title,
 * textarea, noscript, xmp…) or by other rules (svg, math, template, select): the sanitiser's safety depends on it.
 * Other elements are removed, and their content stays.
 */
export const ALLOWED_TAGS: Record<string, string[]> = Object.fromEntries([
  ...tags(
    "abbr address article aside b bdi bdo big blockquote center cite code dd del dfn dl dt em figcaption figure",
    COMMON,
  ),
  ...tags(
    "footer header i ins kbd label main mark nav pre q s samp section small span strike strong",
    COMMON,
  ),
  ...tags("sub sup tt u ul var wbr", COMMON),
  ...tags("br", ["class", "clear"]),
  ...tags("caption div h1 h2 h3 h4 h5 h6 p", BLOCK),
  ...tags("a", [...COMMON, "href", "name"]),
  ...tags("font", [...COMMON, "color", "face", "size"]),
  ...tags("hr", [...BLOCK, "color", "noshade", "size", "width"]),
  ...tags("img", [...BLOCK, "src", "alt", "border", "height", "hspace", "vspace", "width"]),
  ...tags("li", [...COMMON, "type", "value"]),
  ...tags("ol", [...COMMON, "reversed", "start", "type"]),
  ...tags("table", [...CELLS, "border", "cellpadding", "cellspacing", "width"]),
  ...tags("col colgroup", [...BLOCK, "span", "valign", "width"]),
  ...tags("tbody tfoot thead tr", CELLS),
  ...tags("td th", CELL),
]);

/** Attributes for the whole mail. They move to the `<html>` and `<body>` of our document. */
export const ALLOWED_ROOT_ATTRIBUTES: Record<string, string[]> = {
  html: ROOT,
  body: [
    ...[...ROOT, "align", "alink", "background", "bgcolor", "link", "text", "vlink"],
    ...["bottommargin", "leftmargin", "marginheight", "marginwidth", "rightmargin", "topmargin"],
  ],
};

/** Schemes that open a page, or a program that asks the user before it acts. */
export const LINK =
  /^(?:https?:\/\/|(?:mailto|tel|sms|smsto|mms|callto|facetime|facetime-audio|geo|sips?|skype|tg|viber|whatsapp|signal|xmpp|im|ircs?|matrix|webcals?):)/i;

/** URLs that are not even shown as `title`: they are code, or as long as a file. */
export const UNSHOWN_LINK = /^(?:(?:java|vb|live)script|data|blob|mocha):/i;

const SIDES = ["", "-top", "-right", "-bottom", "-left"];
const CORNERS = ["", "-top-left", "-top-right", "-bottom-right", "-bottom-left"];

/** Properties that load only images, and cannot move an element over other content (position, transform…). */
export const ALLOWED_CSS = new Set([
  ...["background", "background-attachment", "background-clip", "background-color", "background-image"],
  ...["background-origin", "background-position", "background-repeat", "background-size"],
  ...["color", "color-scheme", "opacity", "direction", "unicode-bidi", "visibility"],
  ...["font", "font-family", "font-size", "font-style", "font-variant", "font-weight", "letter-spacing"],
  ...["line-height", "text-align", "text-decoration", "text-indent", "text-transform", "vertical-align"],
  ...["text-decoration-color", "text-decoration-line", "text-decoration-style"],
  ...["text-decoration-thickness", "text-shadow", "text-underline-offset"],
  ...["text-size-adjust", "-webkit-text-size-adjust", "-ms-text-size-adjust"],
  ...["white-space", "word-break", "word-spacing", "word-wrap", "overflow-wrap", "text-overflow", "hyphens"],
  ...["display", "float", "clear", "overflow", "overflow-x", "overflow-y", "box-sizing", "box-shadow"],
  ...["table-layout", "caption-side", "empty-cells", "object-fit"],
  ...["align-content", "align-items", "align-self", "column-gap", "flex", "flex-basis", "flex-direction"],
  ...["flex-flow", "flex-grow", "flex-shrink", "flex-wrap", "gap", "justify-content", "order", "row-gap"],
  ...["width", "min-width", "max-width", "height", "min-height", "max-height"],
  ...["border-collapse", "border-color", "border-spacing", "border-style", "border-width"],
  ...["list-style", "list-style-position", "list-style-type", "outline"],
  ...SIDES.flatMap((side) => [`border${side}`, `margin${side}`, `padding${side}`]),
  ...SIDES.slice(1).flatMap((side) => ["color", "style", "width"].map((what) => `border${side}-${what}`)),
  ...CORNERS.map((corner) => `border${corner}-radius`),
]);

/** Properties whose `url()` is an image. */
export const IMAGE_CSS = new Set(["background", "background-image"]);

/** Matches the text before a bracket if it ends with a function that only computes a colour or a length. */
export const CSS_FUNCTIONS = /(?:^|[^\w-])(?:rgba?|hsla?|(?:linear|radial)-gradient|calc|min|max|clamp)$/;

/** Attributes allowed in selectors. Never a URL: a sheet could reveal its parts by loading images. */
export const SELECTOR_ATTRIBUTES = new Set(
  "align bgcolor border class dir height hidden id lang valign width".split(" "),
);

export const SELECTOR_PSEUDO =
  /^(?:link|visited|hover|active|focus|root|empty|(?:first|last|only)-(?:child|of-type)|nth-(?:last-)?(?:child|of-type)\(\)|first-line|first-letter)$/i;
