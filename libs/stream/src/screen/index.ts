// The screen of an emulator as sequences that restore it in another one. Browsers do not load it.
export { screenState } from './screen-state.ts';
