/** Sections of deployment/RUNBOOK.md for the causes that are not named like their entry there. */
const SECTIONS: Record<string, string> = {
  timeout: 'The backend does not answer',
  refused: 'The backend does not answer',
  broken: 'The backend does not answer',
  server_error: 'The backend does not answer',
  unhealthy: 'Health causes',
  degraded: 'Health causes',
  exit_69: 'Exit code 69',
  exit_78: 'Exit code 78',
  pm2_unreachable: 'The PM2 daemon is dead',
  port_taken: 'The port is in use',
  memory_leak: 'A memory leak is forecast',
};

/** The heading under which the runbook has what to do about a cause. */
export function runbookSection(cause: string): string {
  return SECTIONS[cause] ?? cause;
}

export const RUNBOOK = 'deployment/RUNBOOK.md';
