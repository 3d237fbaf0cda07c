import type { ChaosSettings, ChaosUpdate } from "./chaos.ts";
import { calmSettings, updatedSettings } from "./chaos.ts";
import { clearFaults } from "./faults.ts";
import type { World } from "./world.ts";

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
