import type { WebhookChaosKind } from "../store/chaos-settings.ts";
import { strikes } from "../store/chaos-settings.ts";
import { between } from "../store/ids.ts";
import type { World } from "../store/world.ts";
import {
  cleaned,
  fieldsOf,
  metadataOnly,
  mistyped,
  transformed,
  withoutOptionals,
  withUnknownField,
} from "./odd-shapes.ts";
import type { Emission } from "./triggers.ts";

/** Applies chaos to a notification. @returns what is sent: nothing, or the notification and its extras */
export function disturbed(world: World, emission: Emission): Emission[] {
  const isStruck = (kind: WebhookChaosKind) => strikes(world.chaos, world.store, kind);
  if (isStruck("drop")) return [];

  const shaped = reshaped(world, emission, isStruck);
  const { reorderSeconds, delaySeconds } = world.chaos.settings.webhooks;
  const upTo = (seconds: number, from = 0) => between(world.store, from, 1) * seconds * 1000;
  let delay = emission.delay ?? 0;
  if (isStruck("reorder")) delay += upTo(reorderSeconds);
  if (isStruck("delay")) delay += upTo(delaySeconds, 0.5);

  const beside: Emission[] = [];
  if (emission.type === "message.created" && isStruck("updatedBeforeCreated")) {
    beside.push({ ...emission, type: "message.updated", delay });
    delay += upTo(reorderSeconds, 0.5);
  }
  if (isStruck("duplicateNewId")) beside.push({ ...shaped, delay });
  if (isStruck("unknownTrigger")) beside.push({ ...emission, type: "planet.aligned", delay });
  const isRepeated = isStruck("duplicate");
  const isForged = isStruck("badSignature");
  return [{ ...shaped, delay, isRepeated, isForged }, ...beside];
}

function reshaped(world: World, emission: Emission, isStruck: (kind: WebhookChaosKind) => boolean): Emission {
  let shaped = emission;
  if (emission.type === "message.created" || emission.type === "message.updated") {
    if (isStruck("missingFields")) shaped = withoutOptionals(world.store, shaped);
    // `metadata` removes the body, so `cleaned` does not apply.
    if (isStruck("metadata")) shaped = metadataOnly(world.store, shaped);
    else if (isStruck("cleaned")) shaped = cleaned(shaped);
    if (isStruck("transformed")) shaped = transformed(world.store, shaped);
    if (isStruck("mistyped")) shaped = { ...shaped, object: mistyped(world.store, fieldsOf(shaped)) };
  }
  return isStruck("unknownField") ? withUnknownField(shaped) : shaped;
}
