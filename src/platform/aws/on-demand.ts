/** A port each of whose methods answers with a promise. */
type Port<T> = { readonly [Method in keyof T]: (...args: never[]) => Promise<unknown> };

/**
 * Stands in for a port that is loaded when it is first asked something. Most functions never ask some of theirs, and the code of all of them would make every cold start longer.
 * `methods` names those of the port, so that the stand-in can be spread and looked through like the port itself.
 */
export function onDemand<T extends Port<T>>(load: () => Promise<T>, methods: Readonly<Record<keyof T, true>>): T {
  let loading: Promise<T> | undefined;
  const names = Object.keys(methods) as (keyof T)[];
  const standIn = names.map((name) => {
    const method = async (...args: never[]) => (await (loading ??= load()))[name](...args);
    return [name, method];
  });
  return Object.fromEntries(standIn) as T;
}
