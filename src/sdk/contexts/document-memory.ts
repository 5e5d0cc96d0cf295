import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ContextDocument, ShownHead } from '../../contracts/context/context.ts';
import { defaultNamespace } from '../../contracts/context/names.ts';
import type { UnchangedDocument } from '../../contracts/context/requests.ts';
import { canonicalJson, type Json } from '../../contracts/json.ts';

/** Documents whose latest version is remembered. More: the memory that no bound of bytes covers grows. */
const headsMax = 10_000;

/** Which document. */
export interface DocumentName {
  /** @default `default` */
  readonly namespace?: string | undefined;
  readonly context_id: string;
}

/** The same as text: neither part has a space. */
const nameOf = ({ namespace = defaultNamespace, context_id }: DocumentName) => `${namespace} ${context_id}`;

/** How much is kept, and how long it counts as the latest without a question. */
export interface MemoryLimits {
  readonly bytes: number;
  readonly freshMs: number;
}

/** What is kept of documents, and which version of each was the latest when. What it gives are copies. */
export class DocumentMemory {
  readonly #latest = new LRUCache<string, { readonly version: number; readonly checkedAt: number }>({ max: headsMax });
  // As text: it is as small as what was sent, and parsing it makes the copy.
  readonly #versions: LRUCache<string, string>;
  readonly #clock: { now(): number };
  readonly #limits: MemoryLimits;

  constructor(clock: { now(): number }, limits: MemoryLimits) {
    this.#versions = new LRUCache({ maxSize: Math.max(1, limits.bytes), sizeCalculation: (text) => text.length });
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Versions that are kept, and their bytes. */
  size(): { readonly versions: number; readonly bytes: number } {
    return { versions: this.#versions.size, bytes: this.#versions.calculatedSize };
  }

  kept(document: DocumentName, version: number): ContextDocument | undefined {
    const text = this.#versions.get(`${nameOf(document)} ${String(version)}`);
    return text === undefined ? undefined : (JSON.parse(text) as ContextDocument);
  }

  /** The version that was the latest when somebody last asked; `isFresh`: so lately that nobody need ask again. */
  latest(name: DocumentName): { readonly document: ContextDocument; readonly isFresh: boolean } | undefined {
    const known = this.#latest.get(nameOf(name));
    const document = known && this.kept(name, known.version);
    if (known === undefined || document === undefined) return undefined;
    const now = this.#clock.now();
    const isOver = document.expires_at !== undefined && Date.parse(document.expires_at) <= now;
    return { document, isFresh: now - known.checkedAt < this.#limits.freshMs && !isOver };
  }

  keep(document: ContextDocument, isLatest: boolean): void {
    // A registered type may get a newer schema, and then the same version reads differently.
    if (document.schema_version !== undefined) return;
    const name = nameOf(document);
    if (this.#limits.bytes > 0) this.#versions.set(`${name} ${String(document.version)}`, JSON.stringify(document));
    // Answers may overtake each other, and an older one is not the latest any more.
    if (isLatest && document.version >= (this.#latest.get(name)?.version ?? 0)) this.#checked(document);
  }

  /**
   * Notes that a document is the latest still: its time tells where no hash does, which whoever sees it masked is not told. False: who may see more or less of it than before has to read it again. */
  confirm(document: ContextDocument, { head, masked }: UnchangedDocument): boolean {
    if (
      head.hash !== document.hash ||
      head.updated_at !== document.updated_at ||
      String(masked) !== String(document.masked)
    )
      return false;
    this.#checked(document);
    return true;
  }

  /** Forgets which version is the latest, when it knew of an older one only. */
  heard(document: DocumentName & { readonly version: number }): void {
    const name = nameOf(document);
    if ((this.#latest.get(name)?.version ?? document.version) < document.version) this.#latest.delete(name);
  }

  /** Forgets which version is the latest. */
  forget(document: DocumentName): void {
    this.#latest.delete(nameOf(document));
  }

  /** Keeps what was written here, when the server says that just this is what it stored. */
  written(head: ShownHead, data: Json): void {
    const isOurs = createHash('sha256').update(canonicalJson(data)).digest('hex') === head.hash;
    if (isOurs) this.keep({ ...head, data }, true);
  }

  #checked(document: ContextDocument): void {
    this.#latest.set(nameOf(document), { version: document.version, checkedAt: this.#clock.now() });
  }
}
