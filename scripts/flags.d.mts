export const FLAGS: readonly string[];
export const HOME: string;
export const HOME_FLAGS: readonly string[];
