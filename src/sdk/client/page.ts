/** One page of a listing; give `cursor` back to get the next one. */
export interface ClientPage<T> {
  readonly items: readonly T[];
  readonly cursor?: string;
}

export interface PageOptions {
  readonly cursor?: string;
  readonly limit?: number;
}
