import type { ChaosSettings, ChaosUpdate } from "../store/chaos-settings.ts";
import { calmSettings, updatedSettings } from "../store/chaos-settings.ts";
import type { World } from "../store/world.ts";
import { clearFaults } from "./faults.ts";

/** Changes the settings in part; without an update everything is off, and what was planned or hangs is let go. */
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
