/** A real file around the virtual module, so that the build manifest names it and pages preload it. */
export { default } from 'virtual:catalogue/fr';
