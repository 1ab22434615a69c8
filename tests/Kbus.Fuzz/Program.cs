using Kbus.Fuzz;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// One program for the tests, and for what the fuzzer drives.
if (args is ["list" or "types" or "pack" or "fuzz" or "unpack" or "play" or "hunt", ..])
{
    return FuzzedProgram.Run(args);
}

return args.Any(a => a is "-automated" or "@@")
    ? await ConsoleRunner.Run(args)
    : await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
