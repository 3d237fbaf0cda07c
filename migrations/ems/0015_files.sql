ALTER TABLE `ems_messages` ADD `body_observed_at` integer;--> statement-breakpoint
ALTER TABLE `ems_messages` ADD `files_observed_at` integer;--> statement-breakpoint
ALTER TABLE `ems_attachments` ADD `nth` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
DROP INDEX `ems_attachments_provider`;--> statement-breakpoint
CREATE UNIQUE INDEX `ems_attachments_provider` ON `ems_attachments` (`message_id`,`provider_attachment_id`,`nth`);--> statement-breakpoint
-- A file that no browser shows as a picture was called inline where the HTML only named it, and so was nowhere.
UPDATE ems_attachments SET is_inline = 0
WHERE is_inline = 1
  AND lower(content_type) NOT IN (
    'image/png', 'image/x-png', 'image/jpeg', 'image/jpg', 'image/pjpeg', 'image/x-jpeg', 'image/jfif', 'image/gif',
    'image/x-gif', 'image/webp', 'image/x-webp', 'image/avif', 'image/bmp', 'image/x-bmp', 'image/x-ms-bmp',
    'image/x-windows-bmp')
  AND NOT (
    lower(content_type) IN (
      'application/octet-stream', 'application/binary', 'application/x-unknown', 'binary/octet-stream', 'image/*',
      'image/unknown', '')
    AND (
      filename LIKE '%.png' OR filename LIKE '%.jpeg' OR filename LIKE '%.jpg' OR filename LIKE '%.jpe'
      OR filename LIKE '%.jfif' OR filename LIKE '%.gif' OR filename LIKE '%.webp' OR filename LIKE '%.avif'
      OR filename LIKE '%.bmp'));
--> statement-breakpoint
-- What a message says of its files follows from their rows.
UPDATE ems_messages SET
  attachment_count = (SELECT count(*) FROM ems_attachments a WHERE a.message_id = ems_messages.id),
  has_attachments = EXISTS (SELECT 1 FROM ems_attachments a WHERE a.message_id = ems_messages.id AND a.is_inline = 0)
WHERE (attachment_count > 0 OR has_attachments = 1)
  AND (attachment_count <> (SELECT count(*) FROM ems_attachments a WHERE a.message_id = ems_messages.id)
    OR has_attachments <> EXISTS (
      SELECT 1 FROM ems_attachments a WHERE a.message_id = ems_messages.id AND a.is_inline = 0));
