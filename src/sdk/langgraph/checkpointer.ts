import type { RunnableConfig } from '@langchain/core/runnables';
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  compareWritesSortKeys,
  getCheckpointId,
  maxChannelVersion,
  type PendingWrite,
  type SerializerProtocol,
  TASKS,
  WRITES_IDX_MAP,
  writesSortKey,
} from '@langchain/langgraph-checkpoint';
import type { ShownHead } from '../../contracts/context/context.ts';
import { CadreError } from '../../contracts/errors.ts';
import type { ContextCalls } from '../client/context-calls.ts';
import { documentsUnder, type MemoryPlace } from './documents.ts';
import { newestFirstLevelOf, shortLevelOf } from './levels.ts';
import {
  asCheckpoint,
  asData,
  asWrites,
  pack,
  type Packed,
  type StoredCheckpoint,
  type StoredWrites,
  unpack,
} from './stored-checkpoint.ts';

/** A checkpoint's own document and those of the writes against it. */
interface Group {
  readonly path: string;
  readonly heads: readonly ShownHead[];
}

/** Which checkpoint; a part that is left out stands for all. */
interface Wanted {
  readonly thread_id?: string | undefined;
  readonly checkpoint_ns?: string | undefined;
  readonly checkpoint_id?: string | undefined;
}

/** Documents of a thread that are deleted at once. More: each is four rows, and a transaction has a hundred. */
const deletedTogether = 20;

function wantedOf(config: RunnableConfig): Wanted {
  const { thread_id, checkpoint_ns } = (config.configurable ?? {}) as Wanted;
  return { thread_id, checkpoint_ns, checkpoint_id: getCheckpointId(config) || undefined };
}

function required(value: string | undefined, name: string): string {
  if (value === undefined)
    throw new CadreError('invalid-input', `LangGraph must be given a ${name}`, { path: `configurable.${name}` });
  return value;
}

/** The documents of a thread lie under it: one for each checkpoint, newest first, and below it one for the writes of each task. */
export class CadreSaver extends BaseCheckpointSaver {
  readonly #documents: ReturnType<typeof documentsUnder>;

  /** `contexts` are those of a client: `createClient().contexts`. */
  constructor(contexts: ContextCalls, place: MemoryPlace & { readonly serde?: SerializerProtocol } = {}) {
    super(place.serde);
    this.#documents = documentsUnder(contexts, place, 'langgraph/threads');
  }

  /** The checkpoint that is named, or the newest one of its thread; undefined when there is none. */
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const wanted = wantedOf(config);
    if (wanted.thread_id === undefined) return undefined;
    for await (const group of this.#groups({ checkpoint_ns: '', ...wanted })) return this.#load(group);
    return undefined;
  }

  /** Checkpoints, newest first in each thread and namespace. */
  override async *list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    const { limit = Infinity, before, filter = {} } = options;
    const beforeId = before && getCheckpointId(before);
    let left = limit;
    for await (const group of this.#groups(wantedOf(config))) {
      if (left <= 0) return;
      const tuple = await this.#load(group);
      if (beforeId !== undefined && beforeId !== '' && tuple.checkpoint.id >= beforeId) continue;
      const metadata = (tuple.metadata ?? {}) as Readonly<Record<string, unknown>>;
      if (!Object.entries(filter).every(([key, value]) => metadata[key] === value)) continue;
      left -= 1;
      yield tuple;
    }
  }

  /** Stores a checkpoint with the channels that changed; the same one again replaces it. */
  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { thread_id: thread, checkpoint_ns = '', checkpoint_id: parent_id } = wantedOf(config);
    const thread_id = required(thread, 'thread_id');
    const { channel_values, ...rest } = checkpoint;
    const before = parent_id === undefined ? undefined : await this.#placesOf({ thread_id, checkpoint_ns, parent_id });
    const values: Record<string, Packed> = {};
    const places: Record<string, readonly [string | number, string]> = {};
    for (const [channel, version] of Object.entries(checkpoint.channel_versions)) {
      const place = before?.[channel];
      if (!(channel in newVersions) && place?.[0] === version) places[channel] = place;
      // A value that its ancestors should have stored but have not: it would be lost.
      else if ((channel in newVersions || parent_id !== undefined) && Object.hasOwn(channel_values, channel)) {
        values[channel] = await pack(this.serde, channel_values[channel]);
        places[channel] = [version, checkpoint.id];
      }
    }
    const stored: StoredCheckpoint = {
      thread_id,
      checkpoint_ns,
      checkpoint_id: checkpoint.id,
      ...(parent_id === undefined ? {} : { parent_id }),
      checkpoint: await pack(this.serde, rest),
      metadata: await pack(this.serde, metadata),
      values,
      places,
    };
    const configurable = { thread_id, checkpoint_ns, checkpoint_id: checkpoint.id };
    await this.#documents.write(this.#pathOf(configurable), 'task_history', () => asData(stored));
    return { configurable };
  }

  /** Stores what a task has written against a checkpoint. What it wrote before stays, except for errors, interrupts and the like, which replace theirs. */
  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath = '',
  ): Promise<void> {
    const { thread_id, checkpoint_ns = '', checkpoint_id } = wantedOf(config);
    const checkpoint = {
      thread_id: required(thread_id, 'thread_id'),
      checkpoint_ns,
      checkpoint_id: required(checkpoint_id, 'checkpoint_id'),
    };
    const given = await Promise.all(
      writes.map(async ([channel, value], at) => {
        const index = WRITES_IDX_MAP[channel] ?? at;
        return [String(index), [channel, ...(await pack(this.serde, value))]] as const;
      }),
    );
    await this.#documents.write(`${this.#pathOf(checkpoint)}/${shortLevelOf(taskId)}`, 'task_history', (data) => {
      const stored = data as unknown as StoredWrites | undefined;
      const fresh = given.filter(([index]) => index.startsWith('-') || stored?.writes[index] === undefined);
      if (stored !== undefined && fresh.length === 0) return undefined;
      const all = { ...stored?.writes, ...Object.fromEntries(fresh) };
      return asData({ task_id: taskId, task_path: taskPath, writes: all });
    });
  }

  /** Deletes all checkpoints of a thread and the writes against them. */
  override async deleteThread(threadId: string): Promise<void> {
    const { heads, remove } = this.#documents;
    for (let isDone = false; !isDone;) {
      const found: ShownHead[] = [];
      for await (const head of heads(this.#pathOf({ thread_id: threadId }))) found.push(head);
      isDone = true;
      for (let first = 0; isDone && first < found.length; first += deletedTogether)
        isDone = await remove(found.slice(first, first + deletedTogether));
    }
  }

  #pathOf({ thread_id, checkpoint_ns, checkpoint_id }: Wanted): string {
    const levels = [this.#documents.under];
    if (thread_id !== undefined) {
      levels.push(shortLevelOf(thread_id));
      if (checkpoint_ns !== undefined) {
        levels.push(shortLevelOf(checkpoint_ns));
        if (checkpoint_id !== undefined) levels.push(newestFirstLevelOf(checkpoint_id));
      }
    }
    return levels.join('/');
  }

  /** The checkpoints that are wanted with their writes, newest first in each namespace. */
  async *#groups(wanted: Wanted): AsyncGenerator<Group> {
    const depth = this.#documents.under.split('/').length;
    const isWanted = ({ path }: Group) => {
      const [, ns, id] = path.split('/').slice(depth);
      return (
        (wanted.checkpoint_ns === undefined || ns === shortLevelOf(wanted.checkpoint_ns)) &&
        (wanted.checkpoint_id === undefined || id === newestFirstLevelOf(wanted.checkpoint_id))
      );
    };
    let group: Group | undefined;
    for await (const head of this.#documents.heads(this.#pathOf(wanted))) {
      const path = head.context_id
        .split('/')
        .slice(0, depth + 3)
        .join('/');
      if (group !== undefined && group.path !== path && isWanted(group)) yield group;
      // Writes may come before their checkpoint, which is then none yet.
      if (path === head.context_id) group = { path, heads: [head] };
      else group = group?.path === path ? { path, heads: [...group.heads, head] } : undefined;
    }
    if (group !== undefined && isWanted(group)) yield group;
  }

  async #load({ path, heads }: Group): Promise<CheckpointTuple> {
    const { read } = this.#documents;
    const documents = await read(heads.map(({ context_id }) => context_id));
    const own = documents.get(path);
    if (own === undefined) throw new CadreError('not-found', `${path} was deleted while it was read`);
    const stored = asCheckpoint(own);
    const { thread_id, checkpoint_ns, checkpoint_id, parent_id } = stored;
    const at = (id: string) => ({ configurable: { thread_id, checkpoint_ns, checkpoint_id: id } });
    const rest = (await unpack(this.serde, stored.checkpoint)) as Omit<Checkpoint, 'channel_values'>;
    const checkpoint: Checkpoint = { ...rest, channel_values: await this.#valuesOf(stored) };
    if (checkpoint.v < 4 && parent_id !== undefined) await this.#migrateSends(checkpoint, at(parent_id).configurable);
    const writes = [...documents.values()].filter((document) => document !== own).map(asWrites);
    return {
      config: at(checkpoint_id),
      checkpoint,
      metadata: (await unpack(this.serde, stored.metadata)) as CheckpointMetadata,
      pendingWrites: await this.#writesOf(writes),
      ...(parent_id === undefined ? {} : { parentConfig: at(parent_id) }),
    };
  }

  /** The values of all channels, from the checkpoints that stored them. */
  async #valuesOf(stored: StoredCheckpoint): Promise<Record<string, unknown>> {
    const { places, checkpoint_id: own } = stored;
    const others = [...new Set(Object.values(places).map(([, id]) => id))].filter((id) => id !== own);
    const pathOf = (checkpoint_id: string) => this.#pathOf({ ...stored, checkpoint_id });
    const found = await this.#documents.read(others.map(pathOf));
    const values: Record<string, unknown> = {};
    for (const [channel, [, id]] of Object.entries(places)) {
      const document = found.get(pathOf(id));
      const packed = id === own ? stored.values[channel] : document && asCheckpoint(document).values[channel];
      if (packed !== undefined) values[channel] = await unpack(this.serde, packed);
    }
    return values;
  }

  async #placesOf(parent: { thread_id: string; checkpoint_ns: string; parent_id: string }) {
    const path = this.#pathOf({ ...parent, checkpoint_id: parent.parent_id });
    const document = (await this.#documents.read([path])).get(path);
    return document && asCheckpoint(document).places;
  }

  async #writesOf(stored: readonly StoredWrites[]): Promise<CheckpointPendingWrite[]> {
    const all = stored.flatMap(({ task_id, task_path, writes }) =>
      Object.entries(writes).map(([index, [channel, ...packed]]) => ({
        key: writesSortKey(task_path, task_id, Number(index)),
        write: async () => [task_id, channel, await unpack(this.serde, packed)] as CheckpointPendingWrite,
      })),
    );
    all.sort((one, other) => compareWritesSortKeys(one.key, other.key));
    return Promise.all(all.map(({ write }) => write()));
  }

  /** Before version 4 of LangGraph's format, what tasks sent to others lay with the checkpoint before. */
  async #migrateSends(checkpoint: Checkpoint, parent: Wanted): Promise<void> {
    const sends: unknown[] = [];
    for await (const { heads } of this.#groups(parent)) {
      const documents = await this.#documents.read(heads.slice(1).map(({ context_id }) => context_id));
      const writes = await this.#writesOf([...documents.values()].map(asWrites));
      sends.push(...writes.filter(([, channel]) => channel === TASKS).map(([, , value]) => value));
    }
    const versions = Object.values(checkpoint.channel_versions);
    checkpoint.channel_values[TASKS] = sends;
    checkpoint.channel_versions[TASKS] =
      versions.length > 0 ? maxChannelVersion(...versions) : this.getNextVersion(undefined);
  }
}
