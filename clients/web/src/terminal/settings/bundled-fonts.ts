/** The fonts that come with the page, and how each is loaded: only once it is chosen, and of each only the alphabets that are shown. */
const loaders = {
  'JetBrains Mono': () =>
    Promise.all([import('@fontsource/jetbrains-mono/400.css'), import('@fontsource/jetbrains-mono/700.css')]),
  'Fira Code': () => Promise.all([import('@fontsource/fira-code/400.css'), import('@fontsource/fira-code/700.css')]),
} as const;
type BundledFont = keyof typeof loaders;

export const bundledFonts: readonly string[] = Object.keys(loaders);

export const isBundled = (name: string): name is BundledFont => Object.hasOwn(loaders, name);

/** Loads a font of the page for the Latin alphabet. Others follow when they are drawn. @throws if it cannot be fetched */
export const loadBundledFont = async (name: BundledFont): Promise<void> => {
  await loaders[name]();
  await Promise.all(['normal', 'bold'].map((weight) => document.fonts.load(`${weight} 16px "${name}"`)));
};
