import { callerEnvironment, parseEnvFile } from './environment.js';

it('reads what make up wrote, quoted or not', () => {
  expect(parseEnvFile('# x\nexport VOUCHSAFE_URL=http://127.0.0.1:1\nVOUCHSAFE_KEY="vs_sandbox_a_b"\n')).toEqual({ VOUCHSAFE_URL: 'http://127.0.0.1:1', VOUCHSAFE_KEY: 'vs_sandbox_a_b' });
});
it('names every variable that is missing', () => {
  expect(() => callerEnvironment({ VOUCHSAFE_URL: 'x' }, 'VOUCHSAFE_ADMIN_KEY')).toThrow('VOUCHSAFE_GRPC, VOUCHSAFE_ADMIN_KEY not set');
});
