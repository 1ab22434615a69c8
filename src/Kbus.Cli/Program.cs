using Kbus.Cli;
using Microsoft.Win32.SafeHandles;

return KbusCommand.Run(args, LineOutput.Standard, LineOutput.Error, () => new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0));
