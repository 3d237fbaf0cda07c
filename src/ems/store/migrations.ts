import m0000 from "../../../migrations/ems/0000_tables.sql";
import m0001 from "../../../migrations/ems/0001_triggers.sql";
import m0002 from "../../../migrations/ems/0002_live_feed.sql";
import m0003 from "../../../migrations/ems/0003_live_triggers.sql";
import m0004 from "../../../migrations/ems/0004_sending.sql";
import m0005 from "../../../migrations/ems/0005_flat.sql";
import m0006 from "../../../migrations/ems/0006_draft_counters.sql";
import m0007 from "../../../migrations/ems/0007_late_messages.sql";
import m0008 from "../../../migrations/ems/0008_late_triggers.sql";
import m0009 from "../../../migrations/ems/0009_event_indexes.sql";
import m0011 from "../../../migrations/ems/0011_door.sql";
import m0012 from "../../../migrations/ems/0012_outage.sql";
import m0013 from "../../../migrations/ems/0013_lifetime.sql";
import m0014 from "../../../migrations/ems/0014_streams.sql";
import m0015 from "../../../migrations/ems/0015_files.sql";
import m0016 from "../../../migrations/ems/0016_threads.sql";
import m0017 from "../../../migrations/ems/0017_folders.sql";
import m0018 from "../../../migrations/ems/0018_folder_triggers.sql";
import m0019 from "../../../migrations/ems/0019_inline_bodies.sql";
import m0020 from "../../../migrations/ems/0020_recall.sql";
import m0021 from "../../../migrations/ems/0021_rows.sql";
import m0022 from "../../../migrations/ems/0022_objects.sql";
import m0023 from "../../../migrations/ems/0023_sign_ins.sql";
import m0024 from "../../../migrations/ems/0024_totals.sql";
import m0025 from "../../../migrations/ems/0025_total_triggers.sql";
import m0026 from "../../../migrations/ems/0026_count_totals.sql";
import m0027 from "../../../migrations/ems/0027_users.sql";

/** The migrations of the EMS's tables, in order. A Durable Object applies those that it has not applied yet. */
export const migrations: string[] = [
  m0000,
  m0001,
  m0002,
  m0003,
  m0004,
  m0005,
  m0006,
  m0007,
  m0008,
  m0009,
  m0011,
  m0012,
  m0013,
  m0014,
  m0015,
  m0016,
  m0017,
  m0018,
  m0019,
  m0020,
  m0021,
  m0022,
  m0023,
  m0024,
  m0025,
  m0026,
  m0027,
];

/** Counts a company's rows after they were moved. What was repaired before stays in the counts of D1. */
export const countTotals: string[] = [m0026, "DELETE FROM ems_totals WHERE name = 'repaired'"];
