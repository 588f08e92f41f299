import type { Outcome, Run, Threads } from '../../jobs/bree.js';
import type { Job } from '../../jobs/schedule.js';

/** Threads that end when the test says so. */
export class FakeThreads implements Threads {
  readonly runs: { job: string; run: Run }[] = [];
  readonly cancelled: string[] = [];
  readonly terminated: string[] = [];
  #end: ((outcome: Outcome) => void) | null = null;

  run(job: Job, run: Run): Promise<Outcome> {
    this.runs.push({ job: job.name, run });
    return new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  cancel(job: Job): void {
    this.cancelled.push(job.name);
  }

  async terminate(job: Job): Promise<void> {
    this.terminated.push(job.name);
    this.end({ status: 'crashed', reason: 'terminated' });
  }

  end(outcome: Outcome): void {
    this.#end?.(outcome);
    this.#end = null;
  }
}
