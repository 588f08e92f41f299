import type { Outcome, Run, Threads } from '../../jobs/bree.js';
import type { Job } from '../../jobs/schedule.js';

/** Threads that end when the test says so. */
export class FakeThreads implements Threads {
  readonly runs: { job: string; run: Run }[] = [];
  readonly cancelled: string[] = [];
  readonly terminated: string[] = [];
  readonly #ends = new Map<string, (outcome: Outcome) => void>();

  run(job: Job, run: Run): Promise<Outcome> {
    this.runs.push({ job: job.name, run });
    return new Promise((resolve) => {
      this.#ends.set(job.name, resolve);
    });
  }

  cancel(job: Job): void {
    this.cancelled.push(job.name);
  }

  async terminate(job: Job): Promise<void> {
    this.terminated.push(job.name);
    this.end({ status: 'crashed', reason: 'terminated' }, job.name);
  }

  end(outcome: Outcome, job: Job['name'] = 'collect'): void {
    this.#ends.get(job)?.(outcome);
    this.#ends.delete(job);
  }
}
