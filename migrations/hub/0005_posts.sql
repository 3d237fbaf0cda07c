CREATE TABLE `hub_deleted_posts` (
	`post_id` text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE `hub_post_totals` (
	`id` integer PRIMARY KEY NOT NULL,
	`active` integer NOT NULL
);
--> statement-breakpoint
-- A like, a comment or a view writes at most five rows: so the primary key is the table, not an index beside it.
DROP TABLE hub_likes;
--> statement-breakpoint
CREATE TABLE hub_likes (
	id text PRIMARY KEY NOT NULL,
	post_id text NOT NULL,
	owner_id integer NOT NULL,
	created_at integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX hub_likes_once ON hub_likes (owner_id, post_id);
--> statement-breakpoint
CREATE INDEX hub_likes_post ON hub_likes (post_id, id);
--> statement-breakpoint
CREATE TRIGGER hub_likes_added AFTER INSERT ON hub_likes BEGIN
  UPDATE hub_posts SET like_count = like_count + 1 WHERE id = NEW.post_id;
END;
--> statement-breakpoint
CREATE TRIGGER hub_likes_removed AFTER DELETE ON hub_likes BEGIN
  UPDATE hub_posts SET like_count = like_count - 1 WHERE id = OLD.post_id;
END;
--> statement-breakpoint
DROP TABLE hub_post_views;
--> statement-breakpoint
CREATE TABLE hub_post_views (
	id text PRIMARY KEY NOT NULL,
	post_id text NOT NULL,
	owner_id integer NOT NULL,
	created_at integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX hub_post_views_once ON hub_post_views (owner_id, post_id);
--> statement-breakpoint
CREATE INDEX hub_post_views_post ON hub_post_views (post_id, id);
--> statement-breakpoint
CREATE TRIGGER hub_post_views_added AFTER INSERT ON hub_post_views BEGIN
  UPDATE hub_posts SET view_count = view_count + 1 WHERE id = NEW.post_id;
END;
--> statement-breakpoint
CREATE TRIGGER hub_post_views_removed AFTER DELETE ON hub_post_views BEGIN
  UPDATE hub_posts SET view_count = view_count - 1 WHERE id = OLD.post_id;
END;
--> statement-breakpoint
DROP TABLE hub_post_comments;
--> statement-breakpoint
CREATE TABLE hub_post_comments (
	id text PRIMARY KEY NOT NULL,
	post_id text NOT NULL,
	owner_id integer NOT NULL,
	comment text NOT NULL,
	reply_to text,
	is_edited integer DEFAULT false NOT NULL,
	created_at integer NOT NULL,
	updated_at integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX hub_post_comments_post ON hub_post_comments (post_id, id);
--> statement-breakpoint
CREATE INDEX hub_post_comments_owner ON hub_post_comments (owner_id);
--> statement-breakpoint
CREATE INDEX hub_post_comments_reply ON hub_post_comments (reply_to) WHERE reply_to IS NOT NULL;
--> statement-breakpoint
CREATE TRIGGER hub_post_comments_added AFTER INSERT ON hub_post_comments BEGIN
  UPDATE hub_posts SET comment_count = comment_count + 1 WHERE id = NEW.post_id;
END;
--> statement-breakpoint
-- An answer outlives what it answers.
CREATE TRIGGER hub_post_comments_removed AFTER DELETE ON hub_post_comments BEGIN
  UPDATE hub_posts SET comment_count = comment_count - 1 WHERE id = OLD.post_id;
  UPDATE hub_post_comments SET reply_to = NULL WHERE reply_to = OLD.id;
END;
--> statement-breakpoint
-- Keep the number of active posts by the statement that changes a post.
CREATE TRIGGER hub_posts_added AFTER INSERT ON hub_posts WHEN NEW.is_active = 1 BEGIN
  INSERT INTO hub_post_totals (id, active) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET active = active + 1;
END;
--> statement-breakpoint
CREATE TRIGGER hub_posts_shown AFTER UPDATE OF is_active ON hub_posts WHEN NEW.is_active <> OLD.is_active BEGIN
  INSERT INTO hub_post_totals (id, active) VALUES (1, NEW.is_active)
    ON CONFLICT (id) DO UPDATE SET active = active + NEW.is_active - OLD.is_active;
END;
--> statement-breakpoint
-- Whoever deletes a post: its likes, comments and views are removed in steps.
CREATE TRIGGER hub_posts_removed AFTER DELETE ON hub_posts BEGIN
  UPDATE hub_post_totals SET active = active - OLD.is_active WHERE id = 1;
  INSERT INTO hub_deleted_posts (post_id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
END;
