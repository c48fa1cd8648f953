export { PUBLIC_SERVICES } from '@vouchsafe/process';
