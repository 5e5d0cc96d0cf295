/** One function with its extent and its cyclomatic complexity: one, and one more for each branch. */
export interface FunctionSize {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
  readonly complexity: number;
}
