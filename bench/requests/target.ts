/** A server under load. */
export interface Target {
  name: string;
  /** Its origin, without a slash at the end. */
  url: string;
  /** The processes that it consists of. */
  pids(): number[];
}

/** Another implementation of the same routes: same tokens, same ids of the filled rows, same webhook signature. */
export interface Peer extends Target {
  /** Creates an account of the company with this many messages, as `fillMailbox` does. */
  fill(company: number, messages: number): Promise<void>;
  /** Reads every mail for the user but `unread` of them, as `readAllBut` does. */
  readAllBut(company: number, userId: number, unread: number): Promise<void>;
}
