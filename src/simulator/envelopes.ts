import type { Thing, Thread, ThreadComment } from './world.js';

/** Reddit's envelope of several things. */
export function listingOf(children: Child[], dist: number | null, after: string | null = null) {
  const data = { after, dist, modhash: null, geo_filter: '', children, before: null };
  return { kind: 'Listing', data };
}

type Child = Thing | More;

/** Names comments that stand in a thread and are not shown. */
interface More {
  kind: 'more';
  data: {
    /** How many, with those below them. */
    count: number;
    name: string;
    id: string;
    parent_id: string;
    depth: number;
    /** Empty for "continue this thread". */
    children: string[];
  };
}

export interface ThreadBounds {
  /** How many comments are shown at most. */
  limit: number;
  /** How many levels. */
  depth: number;
}

/** The answer to `/comments/{id}`. */
export function threadOf({ post, replies }: Thread, bounds: ThreadBounds) {
  const shown = chosen(replies, bounds);
  const children = nested(replies, shown, post.data.name);
  return [listingOf([post], 1), listingOf(children, null)];
}

/** The answer to `/api/morechildren`: the comments asked for and what stands below, as a flat list. */
export function moreOf(thread: Thread | null, ids: readonly string[], bounds: ThreadBounds) {
  const asked = new Set(ids);
  const found = thread === null ? [] : [...everyOf(thread.replies)];
  const roots = found.filter(({ comment }) => asked.has(comment.data.id));
  const shown = chosen(roots, bounds);
  const things = [...shown].flatMap(({ comment, replies }): Child[] => {
    const hidden = hiddenOf(replies, shown, comment.data.name);
    return hidden === null ? [comment] : [comment, hidden];
  });
  return { json: { errors: [], data: { things } } };
}

/** Level by level, so that what a shown comment answers is shown. */
function chosen(roots: readonly ThreadComment[], { limit, depth }: ThreadBounds) {
  const shown = new Set<ThreadComment>();
  let level = [...roots];
  for (let below = 0; below < depth && level.length > 0; below += 1) {
    for (const node of level) if (shown.size < limit) shown.add(node);
    level = level.flatMap((node) => (shown.has(node) ? node.replies : []));
  }
  return shown;
}

function nested(
  siblings: readonly ThreadComment[],
  shown: ReadonlySet<ThreadComment>,
  parent: string,
): Child[] {
  const children: Child[] = siblings
    .filter((node) => shown.has(node))
    .map(({ comment, replies }) => {
      const answers = nested(replies, shown, comment.data.name);
      return {
        kind: comment.kind,
        data: Object.assign({}, comment.data, {
          replies: answers.length === 0 ? '' : listingOf(answers, null),
        }),
      };
    });
  const hidden = hiddenOf(siblings, shown, parent);
  return hidden === null ? children : [...children, hidden];
}

/** Below the last level no ids are told: the client has to ask for that comment's own thread. */
function hiddenOf(
  siblings: readonly ThreadComment[],
  shown: ReadonlySet<ThreadComment>,
  parent: string,
): More | null {
  const hidden = siblings.filter((node) => !shown.has(node));
  const [first] = hidden;
  if (first === undefined) return null;
  const depth = Number(first.comment.data.depth);
  const children = depth >= DEEPEST ? [] : hidden.map(({ comment }) => comment.data.id);
  const id = children[0] ?? '_';
  const count = children.length === 0 ? 0 : [...everyOf(hidden)].length;
  return {
    kind: 'more',
    data: { count, name: `t1_${id}`, id, parent_id: parent, depth, children },
  };
}

function* everyOf(nodes: readonly ThreadComment[]): Generator<ThreadComment> {
  for (const node of nodes) {
    yield node;
    yield* everyOf(node.replies);
  }
}

/** No page of a thread has more levels. */
export const DEEPEST = 10;
