using Kbus.Cli;

return KbusCommand.Run(args, LineOutput.Standard, Console.Error, Console.OpenStandardInput);
