import test from 'ava';
import type { TestListing } from '../support/reddit-client.js';
import { control, started } from '../support/simulator-client.js';

test('the control routes take faults one by one or together, list them and remove them', async (t) => {
  const { url, got } = await started(t);
  const one = { kind: 'forbidden', route: 'new', subreddit: 'AWS', count: 1 };
  t.deepEqual(await control(url, 'GET', 'faults'), { status: 200, body: { faults: [] } });
  t.deepEqual(await control(url, 'POST', 'faults', JSON.stringify(one)), {
    status: 200,
    body: { faults: [{ ...one, hits: 0 }] },
  });
  const two = [{ kind: 'rate_limited', retry_after: 1 }, { kind: 'empty' }];
  await control(url, 'POST', 'faults', JSON.stringify(two));
  t.deepEqual([(await got()).status(), (await got()).status()], [403, 429]);
  t.deepEqual((await control(url, 'GET', 'faults')).body, {
    faults: [
      { ...one, hits: 1 },
      { ...two[0], hits: 1 },
      { ...two[1], hits: 0 },
    ],
  });
  t.deepEqual(await control(url, 'DELETE', 'faults'), { status: 200, body: { faults: [] } });
  t.is((await got()).status(), 200);
});

test('a wrong body is refused with what would be right, and adds nothing', async (t) => {
  const { url } = await started(t);
  for (const [body, message] of [
    ['', /^undefined is not a fault: it is an object with "kind" in it$/],
    [
      '{',
      /^the body is not JSON: it is one fault or an array, as in \{"kind": "silent", "count": 3\}$/,
    ],
    ['7', /^7 is not a fault/],
    ['{}', /^kind is missing: it is one of unauthorized/],
    ['{"kind":"slow"}', /^kind "slow" is not accepted: it is one of unauthorized, .*drip, silent/],
    [
      '[{"kind":"empty"},{"kind":"empty","count":0}]',
      /^faults\[1\]: count 0 is not accepted: .* from 1/,
    ],
    ['{"kind":"empty","__proto__":{}}', /^a fault has no field "__proto__"/],
  ] as const) {
    const answer = await control(url, 'POST', 'faults', body);
    t.is(answer.status, 400);
    t.is(answer.body.error, 400);
    t.regex(String(answer.body.message), message);
  }
  const elsewhere = await control(url, 'GET', 'fault');
  t.is(elsewhere.status, 404);
  t.regex(String(elsewhere.body.message), /^the control routes are POST \/simulator\/faults, GET/);
  t.deepEqual((await control(url, 'GET', 'faults')).body, { faults: [] });
});

test('listed tells what paging reaches at this moment; requests leave control out', async (t) => {
  const { url, got, pass, listed } = await started(t, { subreddits: ['aws'], historyHours: 1 });
  const before = (await control(url, 'GET', 'listed')).body;
  t.deepEqual(before, listed());
  const { data } = JSON.parse((await got('/r/aws/new?limit=100')).body().toString()) as TestListing;
  t.deepEqual(before.posts, data.children.map((child) => child.data.id).sort());
  pass(3_600_000);
  const after = (await control(url, 'GET', 'listed')).body;
  t.notDeepEqual(after, before);
  t.deepEqual(after, listed());
  t.deepEqual((await control(url, 'GET', 'requests')).body, {
    requests: 2,
    tokens_issued: 1,
    refused: 0,
  });
});
