import type { RedditComment, RedditPost } from '../reddit/schemas.js';
import { hash32, type Random, randomFrom } from '../simulator/random.js';
import { HOUSE_RULES } from '../simulator/sentences.js';
import { slugOf, writeAuthor } from '../simulator/text.js';
import { heavyTailed, pickByShare, zipfRank, zipfShares } from './chance.js';
import type { Plan } from './options.js';
import type { Texts } from './texts.js';
import { themeAt, titleOn } from './themes.js';
import { type OpenPost, reply, Threads } from './threads.js';

/** What one subreddit gets in a stretch of time, oldest first. */
export interface Share {
  name: string;
  posts: RedditPost[];
  comments: RedditComment[];
}

export interface Stretch {
  fromMs: number;
  toMs: number;
  posts: number;
  comments: number;
}

/**
 * Of posts and comments respectively. Measured on the recordings in the test suites of PRAW,
 * Async PRAW and prawcore (BSD-2).
 */
const STICKIED = { post: 0.003, comment: 0.005 };
const GONE = { post: 0.011, comment: 0.009 };
const AUTOMODERATOR = { post: 0.002, comment: 0.019 };
/** Comments whose post is older than all that was collected, or was never listed. */
const WITHOUT_POST = 0.004;
/** Posts whose title is about what their community is talking about. */
const ON_THEME = 0.25;

const POST_TAIL = 0.9;
const COMMENT_TAIL = 0.7;
const NEGATIVE_COMMENTS = 0.05;
const MOST_UPVOTES = 60_000;
const ANSWERED_TAIL = 0.75;
const MOST_ANSWERED = 400;
/** The mean of what `heavyTailed(ANSWERED_TAIL, MOST_ANSWERED)` gives, about. */
const MEAN_ANSWERED = 3.6;
/** After so long a post has got two thirds of its votes and comments. */
const RIPENING_MS = 6 * 3_600_000;

/** Numbers of seven digits of base 36, as Reddit's are today; they grow with time. */
const FIRST_ID = 36 ** 6;

/** What the items follow from, and what has to be remembered from one to the next. */
interface World {
  plan: Plan;
  texts: Texts;
  communities: { name: string; threads: Threads }[];
  authors: number;
  commentsPerPost: number;
  firstPostId: number;
  nextPostId: number;
  nextCommentId: number;
}

/**
 * Fills stretches of time, which have to come in their order, with what people write. Holds
 * some posts of each subreddit for the comments to come, and nothing else.
 */
export function contentOf(
  plan: Plan,
  subreddits: readonly string[],
  texts: Texts,
): (stretch: Stretch) => Share[] {
  const shares = zipfShares(subreddits.length);
  const firstPostId = FIRST_ID + hash32(`posts ${plan.seed}`) * 16;
  const world: World = {
    ...{ plan, texts, firstPostId, nextPostId: firstPostId },
    communities: subreddits.map((name) => ({ name, threads: new Threads() })),
    authors: Math.ceil((plan.posts + plan.comments) ** 0.75),
    commentsPerPost: plan.posts === 0 ? 0 : plan.comments / plan.posts,
    nextCommentId: FIRST_ID + hash32(`comments ${plan.seed}`) * 16,
  };
  return (stretch) => {
    const random = randomFrom(hash32(`content ${plan.seed} ${stretch.fromMs}`));
    const filled = subreddits.map((name): Share => ({ name, posts: [], comments: [] }));
    for (const atMs of timesIn(stretch, stretch.posts, random)) {
      const index = pickByShare(shares, random);
      filled[index]?.posts.push(postOf(world, index, atMs, random));
    }
    for (const atMs of timesIn(stretch, stretch.comments, random)) {
      const index = pickByShare(shares, random);
      filled[index]?.comments.push(commentOf(world, index, atMs, random));
    }
    return filled;
  };
}

function postOf(world: World, index: number, createdMs: number, random: Random): RedditPost {
  const { plan, texts, communities } = world;
  const { name = '', threads } = communities[index] ?? {};
  const id = (world.nextPostId++).toString(36);
  const found = texts.post(random);
  const theme = random.chance(ON_THEME) ? themeAt(plan.seed, name, createdMs) : null;
  const title = theme === null ? found.title : titleOn(theme, random);
  const permalink = `/r/${name}/comments/${id}/${slugOf(title)}/`;
  const answered = heavyTailed(ANSWERED_TAIL, MOST_ANSWERED, random) / MEAN_ANSWERED;
  const wanted = Math.round(answered * world.commentsPerPost * (0.5 + random.next()));
  threads?.add({ id, permalink, createdMs, wanted, replies: [] });
  const ripe = 1 - Math.exp((createdMs - plan.untilMs) / RIPENING_MS);
  const upvotes = Math.floor(heavyTailed(POST_TAIL, MOST_UPVOTES, random)) - 1 + wanted / 4;
  const gone = random.chance(GONE.post) ? random.pick(['deleted', 'moderator'] as const) : null;
  const automatic = random.chance(AUTOMODERATOR.post);
  const text = automatic ? HOUSE_RULES : found.body;
  const lost = gone === 'deleted' ? '[deleted]' : '[removed]';
  return {
    ...{ id, name: `t3_${id}`, subreddit: name, title, permalink },
    author: automatic ? 'AutoModerator' : gone === 'deleted' ? lost : authorOf(world, random),
    selftext: gone === null ? (text ?? '') : lost,
    url:
      text === null ? `https://example.com/${slugOf(title)}` : `https://www.reddit.com${permalink}`,
    created_utc: createdMs / 1000,
    score: Math.round(upvotes * ripe),
    num_comments: Math.round(wanted * ripe),
    stickied: random.chance(STICKIED.post),
    removed_by_category: gone,
  };
}

function commentOf(world: World, index: number, createdMs: number, random: Random): RedditComment {
  const { name = '', threads } = world.communities[index] ?? {};
  const id = (world.nextCommentId++).toString(36);
  const known = random.chance(WITHOUT_POST) ? null : threads?.pick(createdMs, random);
  const answered = known ?? strangerOf(world, name, random);
  const automatic = random.chance(AUTOMODERATOR.comment);
  const gone = random.chance(GONE.comment) ? random.pick(['[deleted]', '[removed]']) : null;
  const votes = Math.floor(heavyTailed(COMMENT_TAIL, MOST_UPVOTES, random));
  const text = automatic ? HOUSE_RULES : world.texts.comment(random);
  return {
    ...{ id, name: `t1_${id}`, subreddit: name, body: gone ?? text },
    author: automatic ? 'AutoModerator' : gone === '[deleted]' ? gone : authorOf(world, random),
    permalink: `${answered.permalink}${id}/`,
    link_id: `t3_${answered.id}`,
    parent_id: reply(answered, id, random),
    created_utc: createdMs / 1000,
    score: random.chance(NEGATIVE_COMMENTS) ? 1 - votes : votes,
    stickied: random.chance(STICKIED.comment),
  };
}

function authorOf({ authors }: World, random: Random): string {
  const rank = zipfRank(authors, random);
  return `${writeAuthor(randomFrom(rank))}_${rank.toString(36)}`;
}

/** A post that was written before everything that is generated. */
function strangerOf({ firstPostId }: World, name: string, random: Random): OpenPost {
  const id = (firstPostId - 1 - random.integer(100_000)).toString(36);
  return { id, permalink: `/r/${name}/comments/${id}/_/`, createdMs: 0, wanted: 0, replies: [] };
}

/** Whole seconds, as Reddit's are, ascending. */
function timesIn({ fromMs, toMs }: Stretch, count: number, random: Random): number[] {
  const first = Math.ceil(fromMs / 1000);
  const seconds = Math.max(1, Math.floor(toMs / 1000) - first);
  return Array.from({ length: count }, () => (first + random.integer(seconds)) * 1000).sort(
    (a, b) => a - b,
  );
}
