using Kbus.Faults;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// One program for the tests and for the processes that they start, kill and stop.
if (args is ["actor", .. string[] role])
{
    return ActorProgram.Run(role);
}

return args.Any(a => a is "-automated" or "@@")
    ? await ConsoleRunner.Run(args)
    : await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
