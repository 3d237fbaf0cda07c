-- Keep the counters of posts by the statement that changes the row.
CREATE TRIGGER hub_likes_added AFTER INSERT ON hub_likes BEGIN
  UPDATE hub_posts SET like_count = like_count + 1 WHERE id = NEW.post_id;
END;
--> statement-breakpoint
CREATE TRIGGER hub_likes_removed AFTER DELETE ON hub_likes BEGIN
  UPDATE hub_posts SET like_count = like_count - 1 WHERE id = OLD.post_id;
END;
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
CREATE TRIGGER hub_post_views_added AFTER INSERT ON hub_post_views BEGIN
  UPDATE hub_posts SET view_count = view_count + 1 WHERE id = NEW.post_id;
END;
--> statement-breakpoint
CREATE TRIGGER hub_post_views_removed AFTER DELETE ON hub_post_views BEGIN
  UPDATE hub_posts SET view_count = view_count - 1 WHERE id = OLD.post_id;
END;
