/** True in the packaged agent (bundled JavaScript), false when Node runs the sources. */
export const bundled = !import.meta.filename.endsWith('.ts');
