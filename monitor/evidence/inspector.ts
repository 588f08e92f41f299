import { get } from 'node:http';
import { json } from 'node:stream/consumers';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import { WebSocket } from 'undici';

/** A conversation with the debugger of one process, in the Chrome DevTools Protocol. */
export interface Inspector {
  /** Resolves with the result; rejects when it is refused or the conversation ends. */
  ask(method: string, params?: object): Promise<unknown>;
  /** Resolves with the frames of the next pause, the innermost first. */
  nextPause(): Promise<Frame[]>;
  /** Idempotent. A process that it has paused goes on. */
  close(): void;
}

export interface Frame {
  /** Empty for an anonymous one. */
  functionName: string;
  url: string;
  /** From 1, as people count. */
  line: number;
  column: number;
}

const Targets = Type.Array(Type.Object({ webSocketDebuggerUrl: Type.String() }));
const Message = Type.Object({
  id: Type.Optional(Type.Number()),
  method: Type.Optional(Type.String()),
  params: Type.Optional(Type.Unknown()),
  result: Type.Optional(Type.Unknown()),
  error: Type.Optional(Type.Object({ message: Type.String() })),
});
const Parsed = Type.Object({ scriptId: Type.String(), url: Type.String() });
const Paused = Type.Object({
  callFrames: Type.Array(
    Type.Object({
      functionName: Type.String(),
      location: Type.Object({
        scriptId: Type.String(),
        lineNumber: Type.Number(),
        columnNumber: Type.Optional(Type.Number()),
      }),
    }),
  ),
});

/** The WebSocket address of a debugger on this port of loopback; null when there is none. */
export async function debuggerUrl(port: number, signal: AbortSignal): Promise<string | null> {
  try {
    const answer = await new Promise<unknown>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: '/json/list', agent: false, signal };
      get(options, (response) => {
        json(response).then(resolve, reject);
      }).on('error', reject);
    });
    const url = Value.Check(Targets, answer) ? answer[0]?.webSocketDebuggerUrl : undefined;
    return url?.startsWith('ws://') ? url : null;
  } catch {
    return null;
  }
}

/** Opens a conversation, which ends when the signal aborts. @throws when nobody takes it up */
export async function connectInspector(url: string, signal: AbortSignal): Promise<Inspector> {
  const socket = new WebSocket(url);
  const waiting = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >();
  const urls = new Map<string, string>();
  const ended = new Error('its debugger ended the conversation');
  let onPaused: (frames: Frame[]) => void = () => undefined;
  signal.addEventListener('abort', () => socket.close(), { once: true });
  socket.addEventListener('message', ({ data }) => {
    const message = parse(data);
    if (message?.id !== undefined) {
      const asked = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error === undefined) asked?.resolve(message.result);
      else asked?.reject(new Error(message.error.message));
    } else if (message?.method === 'Debugger.scriptParsed' && Value.Check(Parsed, message.params)) {
      urls.set(message.params.scriptId, message.params.url);
    } else if (message?.method === 'Debugger.paused' && Value.Check(Paused, message.params)) {
      onPaused(framesOf(message.params, urls));
    }
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('close', () => {
      reject(ended);
      for (const { reject: refuse } of waiting.values()) refuse(ended);
      waiting.clear();
    });
  });
  let lastId = 0;
  return {
    nextPause: () =>
      new Promise<Frame[]>((resolve, reject) => {
        onPaused = resolve;
        socket.addEventListener('close', () => reject(ended));
      }),
    ask(method, params = {}) {
      const id = ++lastId;
      const answer = new Promise<unknown>((resolve, reject) => {
        if (socket.readyState !== WebSocket.OPEN) reject(ended);
        else waiting.set(id, { resolve, reject });
      });
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ id, method, params }));
      return answer;
    },
    close: () => socket.close(),
  };
}

function parse(data: unknown): Static<typeof Message> | null {
  try {
    const value: unknown = JSON.parse(String(data));
    return Value.Check(Message, value) ? value : null;
  } catch {
    return null;
  }
}

/** A frame's own url is empty in Node 20: the parsed scripts have it. */
function framesOf({ callFrames }: Static<typeof Paused>, urls: Map<string, string>): Frame[] {
  return callFrames.map(({ functionName, location }) => ({
    functionName,
    url: urls.get(location.scriptId) ?? '',
    line: location.lineNumber + 1,
    column: (location.columnNumber ?? 0) + 1,
  }));
}
