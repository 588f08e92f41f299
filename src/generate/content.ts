import type { RedditComment, RedditPost } from '../reddit/schemas.js';
import { hash32, type Random, randomFrom } from '../simulator/random.js';
import { HOUSE_RULES } from '../simulator/sentences.js';
import { slugOf, writeAuthor } from '../simulator/text.js';
import { heavyTailed, pickByShare, zipfRank, zipfShares } from './chance.js';
import type { Plan } from './options.js';
import type { Texts } from './texts.js';
import { titleOn, themeAt } from './themes.js';
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
 * Async PRAW and prawcore (BSD-2); there 0.3 % of the posts are stickied, too.
 */
const STICKIED = { post: 0.003, comment: 0.005 };
const GONE = { post: 0.011, comment: 0.009 };
const AUTOMODERATOR = 0.019;
/** Comments whose post is older than all that was collected, or was never listed. */
const WITHOUT_POST = 0.004;
/** Posts whose title is about what its community is talking about. */
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

/**
 * Fills stretches of time, one after the other, with what people write. Holds some posts of
 * each subreddit for the comments to come, and nothing else.
 */
export function contentOf(plan: Plan, subreddits: readonly string[], texts: Texts) {
  const shares = zipfShares(subreddits.length);
  const authors = Math.ceil((plan.posts + plan.comments) ** 0.75);
  const commentsPerPost = plan.posts === 0 ? 0 : plan.comments / plan.posts;
  const threads = subreddits.map(() => new Threads());
  const ids = {
    post: FIRST_ID + hash32(`posts ${plan.seed}`) * 16,
    comment: FIRST_ID + hash32(`comments ${plan.seed}`) * 16,
  };
  const firstPost = ids.post;
  const nextId = (kind: 'post' | 'comment') => (ids[kind]++).toString(36);
  const author = (random: Random) => {
    const rank = zipfRank(authors, random);
    return `${writeAuthor(randomFrom(rank))}_${rank.toString(36)}`;
  };
  const ripe = (createdMs: number) => 1 - Math.exp((createdMs - plan.untilMs) / RIPENING_MS);

  function post(index: number, createdMs: number, random: Random): RedditPost {
    const name = subreddits[index] ?? '';
    const id = nextId('post');
    const stickied = random.chance(STICKIED.post);
    const gone = random.chance(GONE.post) ? random.pick(['deleted', 'moderator'] as const) : null;
    const theme = themeAt(plan.seed, name, createdMs);
    const found = texts.post(random);
    const onTheme = theme !== null && random.chance(ON_THEME);
    const title = onTheme ? titleOn(theme, random) : found.title;
    const permalink = `/r/${name}/comments/${id}/${slugOf(title)}/`;
    const answered = heavyTailed(ANSWERED_TAIL, MOST_ANSWERED, random) / MEAN_ANSWERED;
    const wanted = Math.round(answered * commentsPerPost * (0.5 + random.next()));
    threads[index]?.add({ id, permalink, createdMs, wanted, replies: [] });
    const upvotes = Math.floor(heavyTailed(POST_TAIL, MOST_UPVOTES, random)) - 1 + wanted / 4;
    const text = stickied ? HOUSE_RULES : found.body;
    const lost = gone === 'deleted' ? '[deleted]' : '[removed]';
    return {
      ...{ id, name: `t3_${id}`, subreddit: name, title, permalink, stickied },
      author: stickied ? 'AutoModerator' : gone === 'deleted' ? '[deleted]' : author(random),
      selftext: gone === null ? (text ?? '') : lost,
      url:
        text === null
          ? `https://example.com/${slugOf(title)}`
          : `https://www.reddit.com${permalink}`,
      created_utc: createdMs / 1000,
      score: Math.round(upvotes * ripe(createdMs)),
      num_comments: Math.round(wanted * ripe(createdMs)),
      removed_by_category: gone,
    };
  }

  function comment(index: number, createdMs: number, random: Random): RedditComment {
    const name = subreddits[index] ?? '';
    const id = nextId('comment');
    const known = random.chance(WITHOUT_POST) ? null : threads[index]?.pick(createdMs, random);
    const answered: OpenPost = known ?? strangerOf(name, random);
    const automatic = random.chance(AUTOMODERATOR);
    const gone = random.chance(GONE.comment)
      ? random.pick(['[deleted]', '[removed]'] as const)
      : null;
    const votes = Math.floor(heavyTailed(COMMENT_TAIL, MOST_UPVOTES, random));
    const text = automatic ? HOUSE_RULES : texts.comment(random);
    return {
      ...{ id, name: `t1_${id}`, subreddit: name, body: gone ?? text },
      author: automatic ? 'AutoModerator' : gone === '[deleted]' ? gone : author(random),
      permalink: `${answered.permalink}${id}/`,
      link_id: `t3_${answered.id}`,
      parent_id: reply(answered, id, random),
      created_utc: createdMs / 1000,
      score: random.chance(NEGATIVE_COMMENTS) ? 1 - votes : votes,
      stickied: random.chance(STICKIED.comment),
    };
  }

  /** A post that was written before everything that is generated. */
  function strangerOf(name: string, random: Random): OpenPost {
    const id = (firstPost - 1 - random.integer(100_000)).toString(36);
    const permalink = `/r/${name}/comments/${id}/_/`;
    return { id, permalink, createdMs: 0, wanted: 0, replies: [] };
  }

  /** Stretches have to come in the order of time. */
  return function fill(stretch: Stretch): Share[] {
    const random = randomFrom(hash32(`content ${plan.seed} ${stretch.fromMs}`));
    const filled = subreddits.map((name): Share => ({ name, posts: [], comments: [] }));
    for (const atMs of timesIn(stretch, stretch.posts, random)) {
      const index = pickByShare(shares, random);
      filled[index]?.posts.push(post(index, atMs, random));
    }
    for (const atMs of timesIn(stretch, stretch.comments, random)) {
      const index = pickByShare(shares, random);
      filled[index]?.comments.push(comment(index, atMs, random));
    }
    return filled;
  };
}

/** Whole seconds, as Reddit's are, ascending. */
function timesIn({ fromMs, toMs }: Stretch, count: number, random: Random): number[] {
  const first = Math.ceil(fromMs / 1000);
  const seconds = Math.max(1, Math.floor(toMs / 1000) - first);
  return Array.from({ length: count }, () => (first + random.integer(seconds)) * 1000).sort(
    (a, b) => a - b,
  );
}
