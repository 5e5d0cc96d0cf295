/** An item of the table as the document client gives and takes it. */
export type Item = Record<string, unknown>;
