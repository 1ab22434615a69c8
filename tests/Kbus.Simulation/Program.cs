using Kbus.Simulation;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// One program for the tests and for playing seeds without them: 'play FIRST COUNT [together] [promises] [quiet]'.
if (args is ["play", .. string[] what])
{
    return Campaign.Run(what);
}

return args.Any(a => a is "-automated" or "@@")
    ? await ConsoleRunner.Run(args)
    : await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
