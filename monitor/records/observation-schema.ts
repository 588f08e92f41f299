import { Type } from 'typebox';
import { JOURNAL_EVENTS } from './journal-entry.js';
import { HEALTH_STATUSES, LIVES } from '../observe/observation.js';

/**
 * The shapes of observation.ts and journal-entry.ts as they are read back from a disk, where
 * anything may stand. That they are the same, the compiler sees where what was read is used.
 */
const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) =>
  Type.Union([type, Type.Null()]);
export const IsoTime = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z$',
});
const Text = Type.String();
const LifeSchema = Type.Enum([...LIVES]);

const CauseSchema = Type.Object({
  code: Text,
  severity: Text,
  message: Text,
  restartWouldHelp: Type.Boolean(),
});

const OutcomeSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('answered'),
    status: Type.Enum([...HEALTH_STATUSES]),
    httpStatus: Type.Integer(),
    causes: Type.Array(CauseSchema),
    pid: Nullable(Type.Integer()),
    jobsHeartbeatAgeS: Nullable(Type.Number()),
    latencyMs: Type.Number(),
  }),
  Type.Object({
    kind: Type.Literal('no_answer'),
    reason: Type.Enum(['timeout', 'refused', 'broken', 'server_error', 'foreign']),
    detail: Text,
    latencyMs: Type.Number(),
  }),
]);

const ProcessSchema = Type.Object({
  name: Text,
  pmId: Type.Integer(),
  pid: Type.Integer(),
  status: Text,
  exitCode: Nullable(Type.Integer()),
  upMs: Nullable(Type.Number()),
  outLog: Nullable(Text),
  errLog: Nullable(Text),
  restarts: Type.Integer(),
  askedAt: Nullable(Type.Number()),
  memoryMb: Nullable(Type.Number()),
  life: LifeSchema,
  lastWords: Nullable(Text),
});

const DaemonSchema = Nullable(
  Type.Object({ pid: Type.Integer(), life: LifeSchema, memoryMb: Nullable(Type.Number()) }),
);

const SupervisorSchema = Type.Union([
  Type.Object({
    reachable: Type.Literal(true),
    processes: Type.Array(ProcessSchema),
    daemon: DaemonSchema,
  }),
  Type.Object({ reachable: Type.Literal(false), reason: Text, daemon: DaemonSchema }),
]);

const HostSchema = Type.Object({
  disks: Type.Array(Type.Object({ path: Text, freeMb: Type.Number() })),
  orphans: Type.Array(Type.Object({ pid: Type.Integer(), name: Text, startedAt: Text })),
  portHolder: Nullable(Type.Object({ pid: Type.Integer(), command: Text })),
});

export const SilenceSchema = Type.Object({
  until: IsoTime,
  subject: Nullable(Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,59}$' })),
  reason: Type.String({ minLength: 1, maxLength: 200 }),
  restarts: Type.Boolean(),
});

export const ObservationSchema = Type.Object({
  at: Type.Number(),
  time: IsoTime,
  outcome: OutcomeSchema,
  supervisor: SupervisorSchema,
  host: HostSchema,
  silences: Type.Array(SilenceSchema),
});

export const JournalEntrySchema = Type.Object({
  time: IsoTime,
  incident: Type.String({ minLength: 1, maxLength: 200 }),
  subject: Text,
  event: Type.Enum([...JOURNAL_EVENTS]),
  cause: Text,
  text: Text,
  observation: Nullable(ObservationSchema),
  budgetLeft: Type.Optional(Nullable(Type.Integer())),
});
