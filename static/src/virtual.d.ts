/** The version of package.json, put in place at build time. */
declare const __VERSION__: string;

declare module 'virtual:shell-assets' {
  /** Changes exactly when one of the files does. */
  export const version: string;
}

declare module 'virtual:desk-words' {
  /** By language, the address of the words that only the desk says. */
  export const words: Readonly<Record<string, string>>;
}

declare module '*?worker&url' {
  const url: string;
  export default url;
}
