import {
  AUTOMODERATOR,
  authorOf,
  type Comment,
  type Community,
  commentBody,
  type Post,
  postBody,
  postPermalink,
  postUrl,
  titleOf,
} from './community.js';
import { FIXED_AUTHOR, FIXED_COMMENT, FIXED_POST, FIXED_SUBREDDIT } from './fixed-fields.js';
import { hash32 } from './random.js';
import type { RedditObject, Thing } from './world.js';

/** A post, the same wherever Reddit shows it. */
export function postThing(post: Post): Thing {
  return { kind: 't3', data: postObject(post) };
}

function postObject(post: Post): RedditObject {
  const self = post.type === 'self';
  const body = postBody(post);
  return merged(FIXED_POST, shared(post), {
    domain: self || post.type === 'crosspost' ? `self.${homeOf(post).name}` : 'example.com',
    is_robot_indexable: post.gone === null,
    is_self: self,
    num_comments: post.comments.length,
    permalink: postPermalink(post),
    removed_by_category: removedBy(post),
    selftext: body,
    selftext_html: body === '' ? null : `<!-- SC_OFF -->${html(body)}<!-- SC_ON -->`,
    subreddit_subscribers: post.community.subscribers,
    thumbnail: self ? 'self' : 'default',
    title: titleOf(post),
    upvote_ratio: post.score > 0 ? Math.round(100 - 30 / (1 + post.score)) / 100 : 0.35,
    url: postUrl(post),
    ...(self ? {} : { url_overridden_by_dest: postUrl(post) }),
    ...(post.type === 'link' ? { post_hint: 'link' } : {}),
    ...(post.original === null
      ? {}
      : {
          crosspost_parent: post.original.fullname,
          crosspost_parent_list: [postObject(post.original)],
        }),
  });
}

function homeOf(post: Post): Community {
  return (post.original ?? post).community;
}

function removedBy(post: Post): string | null {
  if (post.gone === null) return null;
  return post.gone === 'deleted' ? 'deleted' : 'moderator';
}

/**
 * A comment. Listings of comments name its post; thread pages give its depth instead.
 * `replies` is always empty here: the server nests a thread's replies.
 */
export function commentThing(
  comment: Comment,
  where: 'listing' | 'thread' | 'info',
  depth = 0,
): Thing {
  const body = commentBody(comment);
  return {
    kind: 't1',
    data: merged(FIXED_COMMENT, shared(comment), {
      body,
      body_html: html(body),
      is_submitter: comment.gone === null && comment.author === comment.post.author,
      link_id: comment.post.fullname,
      parent_id: (comment.parent ?? comment.post).fullname,
      permalink: `${postPermalink(comment.post)}${comment.id}/`,
      replies: '',
      ...(where === 'listing' ? linkFields(comment.post) : {}),
      ...(where === 'thread' ? { depth } : {}),
    }),
  };
}

function linkFields(post: Post) {
  return {
    link_author: authorOf(post),
    link_permalink: `https://www.reddit.com${postPermalink(post)}`,
    link_title: titleOf(post),
    link_url: postUrl(post),
    num_comments: post.comments.length,
    over_18: false,
    quarantine: false,
  };
}

/** Objects of a hundred keys: `{...a, ...b}` takes fifteen times as long (measured, Node 20). */
function merged(
  fixed: object,
  identity: RedditObject,
  rest: Record<string, unknown>,
): RedditObject {
  return Object.assign({}, fixed, identity, rest);
}

/** What posts and comments have in common, and what differs from one to the next. */
function shared(item: Post | Comment): RedditObject {
  const { community } = item;
  const createdUtc = Math.floor(item.createdMs / 1000);
  return {
    author: authorOf(item),
    created: createdUtc,
    created_utc: createdUtc,
    distinguished: item.author === AUTOMODERATOR && item.gone === null ? 'moderator' : null,
    edited: item.edit === null ? false : Math.floor(item.edit.atMs / 1000),
    id: item.id,
    name: item.fullname,
    no_follow: item.score < 2,
    score: item.score,
    send_replies: item.author !== AUTOMODERATOR,
    stickied: item.stickied,
    subreddit: community.name,
    subreddit_id: `t5_${community.id}`,
    subreddit_name_prefixed: `r/${community.name}`,
    ups: item.score,
    ...(item.gone === null
      ? { ...FIXED_AUTHOR, author_fullname: `t2_${hash32(item.author).toString(36)}` }
      : {}),
  };
}

/** What `/r/x/about` says of a community. */
export function subredditThing(
  about: Pick<Community, 'name' | 'id' | 'createdMs' | 'subscribers'>,
): Thing {
  const createdUtc = Math.floor(about.createdMs / 1000);
  const text = `Everything about ${about.name}.`;
  return {
    kind: 't5',
    data: {
      ...FIXED_SUBREDDIT,
      created: createdUtc,
      created_utc: createdUtc,
      description: text,
      description_html: `<!-- SC_OFF -->${html(text)}<!-- SC_ON -->`,
      display_name: about.name,
      display_name_prefixed: `r/${about.name}`,
      id: about.id,
      name: `t5_${about.id}`,
      public_description: text,
      subscribers: about.subscribers,
      title: about.name,
      url: `/r/${about.name}/`,
    },
  };
}

/** As much of Reddit's HTML as a reader of the text fields could notice: paragraphs and code. */
function html(text: string): string {
  const blocks = text.split(/\n\n+/).map((block) => {
    if (block.startsWith('```') || block.startsWith('    ')) {
      return `<pre><code>${escapeHtml(block.replace(/^```\w*\n?|```$/g, ''))}\n</code></pre>`;
    }
    if (block.startsWith('> ')) {
      return `<blockquote>\n<p>${escapeHtml(block.slice(2))}</p>\n</blockquote>`;
    }
    return `<p>${escapeHtml(block)}</p>`;
  });
  return `<div class="md">${blocks.join('\n\n')}\n</div>`;
}

/** The three characters that Reddit also escapes in JSON unless asked for `raw_json=1`. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
