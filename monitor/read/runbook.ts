/** Sections of deployment/RUNBOOK.md for the causes that are not named like their entry there. */
const SECTIONS = new Map(
  Object.entries({
    timeout: 'The backend does not answer',
    refused: 'The backend does not answer',
    broken: 'The backend does not answer',
    server_error: 'The backend does not answer',
    unhealthy: 'Health causes',
    degraded: 'Health causes',
    suspended: 'The backend does not answer',
    process_gone: 'The backend does not answer',
    foreign: 'The port is in use',
    port_taken: 'The port is in use',
    exit_69: 'Exit code 69',
    exit_78: 'Exit code 78',
    pm2_unreachable: 'The PM2 daemon is dead',
    orphan: 'The monitor raised an alert',
    memory_leak: 'A memory leak is forecast',
    pm2_memory: 'The monitor raised an alert',
    disk_low: 'The monitor raised an alert',
    flapping: 'The monitor raised an alert',
    given_up: 'The monitor raised an alert',
    stopped: 'The monitor raised an alert',
    crash_loop: 'The monitor raised an alert',
  }),
);

/** The heading under which the runbook has what to do about a cause. */
export function runbookSection(cause: string): string {
  return SECTIONS.get(cause) ?? cause;
}

export const RUNBOOK = 'deployment/RUNBOOK.md';
