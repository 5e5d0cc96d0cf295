/** Nobody reads why a sleep ended: one reason for all, since making one costs a stack trace. */
const reason = new DOMException('woken', 'AbortError');

/** A signal that can be given again and again: whoever sleeps on `signal` now is woken by the next `now()`. */
export class Wake {
  private controller = new AbortController();

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  now(): void {
    const woken = this.controller;
    this.controller = new AbortController();
    woken.abort(reason);
  }
}
