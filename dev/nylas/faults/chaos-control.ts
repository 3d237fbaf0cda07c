import type { ChaosSettings, ChaosUpdate } from "../store/chaos-settings.ts";
import { calmSettings, updatedSettings } from "../store/chaos-settings.ts";
import type { World } from "../store/world.ts";
import { clearFaults } from "./faults.ts";

/** Merges an update into the settings. Without one, switches everything off and clears all faults. */
export function changeChaos(world: World, update?: ChaosUpdate): ChaosSettings {
  if (update) {
    world.chaos.settings = updatedSettings(world.chaos.settings, update);
  } else {
    world.chaos.settings = calmSettings();
    world.chaos.forced = {};
    clearFaults(world.faults);
  }
  return world.chaos.settings;
}
