/** What a server shows or asks for that nobody signed. */
import { ProtocolError } from './protocol-error.ts';

/** The circle shown hides somebody who holds the key, or shows somebody who does not. */
export class CircleFalsified extends ProtocolError {
  override name = 'CircleFalsified';
}

/** The server names an author whom it cannot show. */
export class AuthorUnknown extends ProtocolError {
  override name = 'AuthorUnknown';
}

/** A message that a colleague had read is not shown. */
export class MessageWithheld extends ProtocolError {
  override name = 'MessageWithheld';
}

/** A message shown twice, before what it answers, or under a key given up before it. */
export class MessageMisplaced extends ProtocolError {
  override name = 'MessageMisplaced';
}

/** The server asks this device for a deed that no signature allows. */
export class DeedRefused extends ProtocolError {
  override name = 'DeedRefused';
}

/** The server asks to remove a member whose time no manager has said is over. */
export class RemovalNotDue extends DeedRefused {
  override name = 'RemovalNotDue';
}

/** The server asks for a group's key for somebody whom no statement ever named a member. */
export class GhostMember extends DeedRefused {
  override name = 'GhostMember';
}
