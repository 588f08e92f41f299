import { resolve } from 'node:path';
import { systemClock, toIso } from '../clock.js';
import { runCommand } from '../command.js';
import { loadSettings, readEnvironment } from '../config.js';
import { toAppError } from '../errors.js';
import { generate, type GenerateReport, refuseFilled } from '../generate/generate.js';
import { type Plan, planOf } from '../generate/options.js';
import { loadTexts } from '../generate/recorded-texts.js';
import { walkingClock } from '../generate/walking-clock.js';
import { holderIsDead, holderName } from '../holder.js';
import { createLog } from '../log.js';
import { progressLine } from '../progress.js';
import { createLexiconScorer } from '../scorer/lexicon.js';
import { openStore } from '../store/open.js';

const RECORDINGS = '../shared/data';

const HELP = `Usage: npm run generate -- [--days N] [--posts N] [--comments N] [--scale K] [--seed S]
         [--until TIME] [--texts FOLDER] [--append] [--json] [--help]

Fills a store with what collection would have stored in the last days: posts and comments of
the configured SUBREDDITS, the first of them the busiest, by day, night and weekend, with
authors, votes, threads, sentiment, and the records of the cycles. The store is the one that
the configuration names; it is written as a collector writes it, under the lease.

The same options, --until included, give the same content on every machine that has the same
texts: real ones where ${RECORDINGS} is present, else invented sentences.

  --days N        how far back, at most DATA_RETENTION_DAYS (90)
  --posts N       posts in all (190000)
  --comments N    comments in all (1000000)
  --scale K       multiplies both (1)
  --seed S        another seed is another world: 0 to 4294967295 (1)
  --until TIME    the end, such as 2026-01-31T12:00:00Z (now)
  --texts FOLDER  recorded posts and comments (${RECORDINGS})
  --append        also into a store that holds items; what is known already stays as it is,
                  so that an interrupted run is completed by repeating it with its --until
  --json          print the report as one JSON object
  --help          print this

Exit codes: 0 done, 1 another collector took the lease, 64 wrong usage or a store that holds
items already, 69 store unreachable or disk full, 78 wrong configuration, unusable store or
somebody is collecting into it, 130 interrupted: what is stored is consistent.
`;

await runCommand(
  {
    name: 'generate',
    help: HELP,
    options: {
      days: { type: 'string', default: '90' },
      posts: { type: 'string', default: '190000' },
      comments: { type: 'string', default: '1000000' },
      scale: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      until: { type: 'string' },
      texts: { type: 'string' },
      append: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  },
  async ({ values }, signal) => {
    const { config, secrets } = loadSettings(readEnvironment());
    const plan = planOf(values, systemClock.now(), config.collection.retentionDays);
    const texts = await loadTexts(resolve(values.texts ?? RECORDINGS), values.texts !== undefined);
    const logConfig = { nodeEnv: config.nodeEnv, logLevel: 'warn' } as const;
    const log = await createLog('generate', logConfig, secrets, process.stderr);
    const clock = walkingClock(systemClock);
    const store = await openStore(config, { clock, log, signal, cosmosKey: secrets.cosmosKey });
    const began = systemClock.monotonic();
    const progress = progressLine(systemClock, process.stderr);
    try {
      if (!values.append) await refuseFilled(store);
      const report = await generate(
        plan,
        {
          ...{ store, clock, systemClock, texts, holderIsDead },
          ...{ subreddits: config.subreddits, leaseMs: config.collection.leaseMs },
          intervalMs: config.collection.intervalMs,
          scorer: createLexiconScorer(),
          holder: `${holderName()}:generate`,
          onProgress: ({ items, of, at }) =>
            progress.show(
              `${items} of ${of} items, ${at.slice(0, 10)}, ${rate(items, began)} a second`,
            ),
        },
        signal,
      );
      progress.clear();
      const whole = { ...named(plan), texts: texts.origin, ...report, ...speed(report, began) };
      process.stdout.write(values.json ? `${JSON.stringify(whole)}\n` : asText(whole));
      if (!report.interrupted) return 0;
      process.stderr.write(`generate: interrupted; ${completion(plan)}\n`);
      return 130;
    } catch (error) {
      progress.clear();
      const stopped = signal.aborted ? 'interrupted' : 'stopped';
      const begun = toAppError(error).code !== 'invalid_request';
      if (begun) process.stderr.write(`generate: ${stopped}; ${completion(plan)}\n`);
      if (signal.aborted) return 130;
      throw error;
    } finally {
      await store.close();
    }
  },
);

function named({ untilMs, ...plan }: Plan) {
  return { ...plan, until: toIso(untilMs) };
}

function speed({ posts_new, comments_new, known }: GenerateReport, began: number) {
  const items = posts_new + comments_new + known;
  const duration_ms = Math.round(systemClock.monotonic() - began);
  return { duration_ms, items_per_second: rate(items, began) };
}

function rate(items: number, began: number): number {
  return Math.round((items * 1000) / Math.max(1, systemClock.monotonic() - began));
}

function asText(
  whole: GenerateReport & ReturnType<typeof named> & ReturnType<typeof speed> & { texts: string },
): string {
  const { posts_new, comments_new, known, cycles, days, until, seed, texts } = whole;
  const seconds = (whole.duration_ms / 1000).toFixed(1);
  return [
    `${posts_new} posts and ${comments_new} comments stored, ${known} known, in ${cycles} cycles`,
    `${days} days until ${until}, seed ${seed}, ${texts} texts`,
    `${seconds} s, ${whole.items_per_second} items a second\n`,
  ].join('\n');
}

function completion({ seed, untilMs }: Plan): string {
  return `the same command with --append --seed ${seed} --until ${toIso(untilMs)} completes it`;
}
