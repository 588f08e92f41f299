import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { startCosmosAccount } from '../../src/cosmos-account/run.js';
import { DAY_MS, HOUR_MS, isoTime } from '../../src/domain/window.js';
import type { Account, Container } from '../../src/store/cosmos/account.js';
import { HEAD_ID } from '../../src/store/cosmos/documents/documents.js';
import { cosmosStore } from '../../src/store/cosmos/cosmos-store.js';
import type { Store } from '../../src/store/store.js';
import { clientAt, setUpDatabase } from '../support/cosmos-store.js';
import { aPost } from '../support/items.js';

const dayMs = Math.floor(systemClock.now() / DAY_MS) * DAY_MS - DAY_MS;
const options = { clock: systemClock, retentionMs: 90 * DAY_MS, pollEveryMs: 0 };

/** Two writers on an account whose replicas lag; the first one's session can be forgotten, as `Session.behind` does. */
async function twoWriters(t: ExecutionContext) {
  const standIn = await startCosmosAccount({ replicaLag: 3 });
  t.teardown(() => standIn.close());
  const place = { endpoint: standIn.url, key: standIn.key, database: 'test' };
  await setUpDatabase(place);
  let [current, session] = [clientAt(t, place), 0];
  const watch = { beforeRead: (_id: string) => undefined as unknown };
  const container = (name: 'items' | 'control'): Container => ({
    read: async (shape, partition, id) => {
      if (name === 'items') watch.beforeRead(id);
      return current[name].read(shape, partition, id);
    },
    query: async (...of) => current[name].query(...of),
    batch: async (...of) => current[name].batch(...of),
  });
  const account: Account = {
    ...{ items: container('items'), control: container('control') },
    session: () => session,
    close: async () => undefined,
  };
  return {
    watch,
    forget: () => {
      current = clientAt(t, place);
      session += 1;
    },
    own: cosmosStore({ account, ...options }),
    other: cosmosStore({ account: clientAt(t, place), ...options }),
  };
}

const bring = (store: Store, id: string, hour: number) => {
  const posts = [aPost({ id, created_utc: isoTime(dayMs + hour * HOUR_MS) })];
  return store.importItems({ subreddit: 'claude', posts, comments: [], keepHistory: false });
};

test('what was remembered in a session that was forgotten is read again', async (t) => {
  const { own, other, forget } = await twoWriters(t);
  await bring(own, 'p1', 1);
  await bring(other, 'p2', 2);
  // The last batch is its own, and of the other's hour it knows nothing.
  await bring(own, 'p3', 3);
  forget();
  await bring(own, 'p4', 2);
  const { items, differences } = await other.verify({ repair: false });
  t.is(items, 4);
  t.deepEqual(differences, []);
});

test('a session that is forgotten between the head and the hours leads back to the head', async (t) => {
  const { own, other, forget, watch } = await twoWriters(t);
  await bring(own, 'p1', 1);
  await bring(other, 'p2', 2);
  await bring(own, 'p3', 3);
  let forgotten = 0;
  watch.beforeRead = (id) => {
    if (id === HEAD_ID || forgotten > 0) return;
    forgotten += 1;
    forget();
  };
  await bring(own, 'p4', 2);
  t.is(forgotten, 1);
  const { items, differences } = await other.verify({ repair: false });
  t.is(items, 4);
  t.deepEqual(differences, []);
});
