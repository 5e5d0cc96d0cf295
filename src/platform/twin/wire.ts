import { abortError, lostAnswer, throttled } from './aws-errors.ts';
import type { FaultPlan } from './faults.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A command of any AWS client: a class instance with an input. */
export interface Command {
  readonly input: object;
}

/** The part of an SDK client's options that the twin honours. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

/** A fake client: what `send` of the SDK looks like from outside. */
export interface FakeClient {
  send(command: Command, options?: SendOptions): Promise<unknown>;
  destroy(): void;
}

/**
 * The wire between a process and a service: latency before and after, throttling before the commit, and an answer lost after
 * it. What a command does is synchronous (`apply`), so a commit is atomic whatever happens around it.
 */
export interface Wire {
  readonly clock: VirtualClock;
  readonly faults: FaultPlan;
  call<T>(service: string, command: string, apply: () => T, signal?: AbortSignal): Promise<T>;
  /** The same wire for one process: once halted, its calls never answer, as those of a killed container. */
  forProcess(name: string): ProcessWire;
}

/** One process's end of the wire. */
export interface ProcessWire extends Wire {
  readonly process: string;
  /** Kills the process after that many further calls. */
  haltAfter(calls: number): void;
  /** A new container starts. */
  restart(): void;
}

/** A wire on a clock, with faults. */
export function createWire(clock: VirtualClock, faults: FaultPlan): Wire {
  async function call<T>(service: string, command: string, apply: () => T, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted === true) throw abortError();
    const before = faults.latencyMs();
    if (before > 0) await clock.sleep(before);
    const detail = `${service}:${command}`;
    if (faults.strikes('throttle', detail)) {
      clock.record(`${detail} throttled`);
      throw throttled(service);
    }
    const answer = apply();
    const after = faults.latencyMs();
    if (after > 0) await clock.sleep(after);
    if (faults.strikes('lostAnswer', detail)) {
      clock.record(`${detail} answer lost`);
      throw lostAnswer(service);
    }
    return answer;
  }
  const wire: Wire = { clock, faults, call, forProcess: (name) => createProcessWire(wire, name) };
  return wire;
}

function createProcessWire(wire: Wire, name: string): ProcessWire {
  let callsLeft = Infinity;
  return {
    ...wire,
    process: name,
    call(service, command, apply, signal) {
      if (callsLeft <= 0) return new Promise(() => undefined);
      callsLeft--;
      return wire.call(service, command, apply, signal);
    },
    haltAfter: (calls) => void (callsLeft = calls),
    restart: () => void (callsLeft = Infinity),
  };
}
