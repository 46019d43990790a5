/**
 * What this application needs of Socket.IO 4, over one WebSocket: events heard, events answered,
 * and the line made again when it is cut. Text and the main namespace only, as the server speaks.
 *
 * Packets: https://socket.io/docs/v4/engine-io-protocol/ (version 4) says `0` open, `2` ping, `3`
 * pong, `4` message; https://socket.io/docs/v4/socket-io-protocol/ (version 5) says what follows a
 * `4`: `0` connected, `1` sent away, `2` event, `3` answer, `4` refused.
 */

/** The line went before the answer came, or no answer came in time. */
export class NoAnswer extends Error {}

export interface Listener {
  connected(): void;
  /** Cut, or not made at all; it is tried again unless the server sent us away. */
  cut(sentAway: boolean): void;
  /** The server refuses by name; nothing is tried again. */
  refused(code: string): void;
  event(name: string, payload: unknown): void;
}

export interface Pace {
  /** Milliseconds before a new attempt, doubled for each one after it; half of it is up to chance. */
  first: number;
  longest: number;
  /** Milliseconds for the server to open the line and to know us. */
  opening: number;
}

interface Waiting {
  answered: (answer: unknown) => void;
  gone: () => void;
}

const PACE: Pace = { first: 500, longest: 8_000, opening: 20_000 };

export class SocketIo {
  readonly #address: string;
  readonly #listener: Listener;
  readonly #pace: Pace;
  readonly #waiting = new Map<number, Waiting>();
  #socket: WebSocket | null = null;
  #connected = false;
  #questions = 0;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  /** Milliseconds the line may be silent, and when that ends: timers stand still in a sleeping phone. */
  #patience = 0;
  #until = 0;

  /** `origin`: where the page came from, `https://…`. */
  constructor(origin: string, listener: Listener, pace: Pace = PACE) {
    this.#address = `${origin.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`;
    this.#listener = listener;
    this.#pace = pace;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Make the line. Nothing happens if there is one, or one on its way. */
  open(): void {
    if (this.#socket) return;
    clearTimeout(this.#retry);
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#hear(String(data));
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lose();
    };
    this.#wait(this.#pace.opening);
    globalThis.addEventListener?.('offline', this.#lose);
  }

  /** Cut the line for good. Whoever waits for an answer hears that none will come. */
  close(): void {
    clearTimeout(this.#retry);
    this.#hangUp();
  }

  /**
   * Send an event and wait for its answer.
   *
   * @throws NoAnswer
   */
  ask(event: string, payload: unknown, timeout: number): Promise<unknown> {
    if (this.#connected && Date.now() > this.#until) this.#lose();
    if (!this.#connected) return Promise.reject(new NoAnswer());
    const question = this.#questions++;
    this.#socket?.send(`42${question}${JSON.stringify([event, payload])}`);
    return new Promise((resolve, reject) => {
      const gone = () => {
        settle();
        reject(new NoAnswer());
      };
      const timer = setTimeout(gone, timeout);
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(question);
      };
      const answered = (answer: unknown) => {
        settle();
        resolve(answer);
      };
      this.#waiting.set(question, { answered, gone });
    });
  }

  #hear(packet: string): void {
    let said: unknown;
    const [, kind = '', number = '', json = ''] = /^(4\d|\d)(\d*)(.*)$/s.exec(packet) ?? [];
    try {
      said = json && JSON.parse(json);
    } catch {
      this.#lose();
      return;
    }
    this.#wait(this.#patience || this.#pace.opening);
    const list: unknown[] = Array.isArray(said) ? said : [];
    if (kind === '0') this.#begin(said as { pingInterval: number; pingTimeout: number });
    else if (kind === '2') this.#socket?.send('3');
    else if (kind === '40') this.#arrive();
    else if (kind === '41') this.#leave(() => this.#listener.cut(true));
    else if (kind === '42') this.#listener.event(String(list[0]), list[1]);
    else if (kind === '43') this.#waiting.get(Number(number))?.answered(list[0]);
    else if (kind === '44') {
      this.#leave(() => this.#listener.refused((said as { message: string }).message));
    } else if (kind === '1') this.#lose();
  }

  #begin({ pingInterval, pingTimeout }: { pingInterval: number; pingTimeout: number }): void {
    this.#patience = pingInterval + pingTimeout;
    this.#socket?.send('40');
  }

  #arrive(): void {
    this.#connected = true;
    this.#failures = 0;
    this.#listener.connected();
  }

  #wait(milliseconds: number): void {
    clearTimeout(this.#watch);
    this.#until = Date.now() + milliseconds;
    this.#watch = setTimeout(this.#lose, milliseconds);
  }

  #leave(tell: () => void): void {
    this.#hangUp();
    tell();
  }

  /** Cut for a reason that may pass: try again, later each time, and not all devices at once. */
  readonly #lose = (): void => {
    this.#hangUp();
    const { first, longest } = this.#pace;
    const delay = Math.min(longest, first * 2 ** this.#failures++) * (0.5 + Math.random() / 2);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.open(), delay);
    this.#listener.cut(false);
  };

  #hangUp(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#connected = false;
    this.#patience = 0;
    clearTimeout(this.#watch);
    globalThis.removeEventListener?.('offline', this.#lose);
    socket?.close();
    for (const { gone } of [...this.#waiting.values()]) gone();
  }
}
