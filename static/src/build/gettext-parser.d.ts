/** The part of gettext-parser 10 that the catalogue compiler uses; the package ships no types. */
declare module 'gettext-parser' {
  interface Message {
    msgid: string;
    msgid_plural?: string;
    msgstr: string[];
    comments?: { reference?: string; flag?: string };
  }

  export const po: {
    parse(source: Uint8Array | string): { translations: Record<string, Record<string, Message>> };
  };
}
