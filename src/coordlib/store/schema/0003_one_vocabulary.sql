-- One word per thing from the door to the page: posts, content_id, account_id, posted_at, text, likes, …
ALTER TABLE videos RENAME TO posts;
ALTER TABLE posts RENAME COLUMN video_id TO content_id;
ALTER TABLE posts RENAME COLUMN username TO account_id;
ALTER TABLE posts RENAME COLUMN create_time TO posted_at;
ALTER TABLE posts RENAME COLUMN video_description TO text;
ALTER TABLE posts RENAME COLUMN hashtag_names TO hashtags;

ALTER TABLE metrics RENAME COLUMN video_id TO content_id;
ALTER TABLE metrics RENAME COLUMN username TO account_id;
ALTER TABLE metrics RENAME COLUMN video_description TO text;
ALTER TABLE metrics RENAME COLUMN view_count TO views;
ALTER TABLE metrics RENAME COLUMN like_count TO likes;
ALTER TABLE metrics RENAME COLUMN comment_count TO comments;
ALTER TABLE metrics RENAME COLUMN share_count TO shares;
ALTER TABLE metrics RENAME COLUMN favorites_count TO favorites;

ALTER TABLE accounts RENAME COLUMN username TO account_id;

ALTER TABLE window_videos RENAME TO window_posts;
ALTER TABLE window_posts RENAME COLUMN video_id TO content_id;
ALTER TABLE video_counts RENAME TO post_counts;
ALTER TABLE post_counts RENAME COLUMN video_id TO content_id;
ALTER TABLE post_counts RENAME COLUMN view_count TO views;
ALTER TABLE post_counts RENAME COLUMN like_count TO likes;
ALTER TABLE post_counts RENAME COLUMN comment_count TO comments;
ALTER TABLE post_counts RENAME COLUMN share_count TO shares;
ALTER TABLE post_counts RENAME COLUMN favorites_count TO favorites;
ALTER TABLE checks RENAME COLUMN video_id TO content_id;
