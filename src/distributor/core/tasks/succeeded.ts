/** What those that succeeded came to. Each failure is told, because the rest goes on without it and a later look tries it again. */
export function succeeded<T>(
  settled: readonly PromiseSettledResult<T>[],
  tell: (index: number, reason: string) => void,
): readonly T[] {
  return settled.flatMap((each, index) => {
    if (each.status === 'fulfilled') return [each.value];
    tell(index, String(each.reason));
    return [];
  });
}
