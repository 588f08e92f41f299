/** Everything the demo makes lies here, below the folder it was started in. */
export const DEMO_FOLDER = '.demo';
